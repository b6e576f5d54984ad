export function messages(): Map<string, string[]>;
export function readPo(text: string): Map<string, string>;
export function poFiles(): Map<string, string>;
