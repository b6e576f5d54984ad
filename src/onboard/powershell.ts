// Values as PowerShell writes them. What is not plain ASCII travels in base64: Windows reads scripts in the code page of
// the country, takes typographic quotes for quotes, and changes line ends.

/** A string literal that is the text, whatever is in it. */
export function powershellText(text: string): string {
  if (/^[ -~]*$/.test(text)) return `'${text.replaceAll("'", "''")}'`;
  const base64 = Buffer.from(text, 'utf8').toString('base64');
  return `([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('${base64}')))`;
}

/** An expression for bytes, in lines of a length that editors bear. */
export function powershellBytes(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,96}/g) ?? [];
  return `[Convert]::FromBase64String(@'\n${lines.join('\n')}\n'@)`;
}
