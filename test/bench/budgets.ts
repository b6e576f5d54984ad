// What the project promises of its speed: ratios within one run, and what of each holds.
import { pick, ratio, type Sample, summarize } from './statistics.ts';

export interface Budget {
  readonly title: string;
  /** «at least» or «at most» so much. */
  readonly least?: number;
  readonly most?: number;
  readonly unit: string;
  /** Undefined: not measured in this run. */
  readonly value: (samples: readonly Sample[]) => number | undefined;
}

/** Figure of a row over the same figure of another, or over another figure. */
const over =
  (section: string, row: string, figure: string, other: string, otherFigure = figure) =>
  (samples: readonly Sample[]) =>
    ratio(pick(samples, section, row, figure), pick(samples, section, other, otherFigure));

const plain = (section: string, row: string, figure: string) => (samples: readonly Sample[]) =>
  summarize(pick(samples, section, row, figure), 0)?.median;

const OURS = 'aes-gcm vaes+vpclmul 128';
const AESNI = 'aes-gcm aes-ni+pclmul 128';
const MB = 'aes-gcm ipsec-mb-avx2 128';
const EVP = 'aes-gcm openssl-evp 128';
const CHACHA = 'chacha20-poly1305 avx2 256';
const CHACHA_EVP = 'chacha20-poly1305 openssl-evp 256';

export const budgets: readonly Budget[] = [
  {
    title: 'one TCP stream over strongSwan’s',
    least: 25,
    unit: '×',
    value: over('tunnels', 'ours', 'tcp1', 'swan'),
  },
  {
    title: 'one TCP stream over wireguard-go’s',
    least: 3,
    unit: '×',
    value: over('tunnels', 'ours', 'tcp1', 'wireguard'),
  },
  {
    title: 'one TCP stream over the same without a cipher',
    least: 0.8,
    unit: '×',
    value: over('tunnels', 'ours', 'tcp1', 'null'),
  },
  {
    title: 'four TCP streams over one',
    least: 1,
    unit: '×',
    value: over('tunnels', 'ours', 'tcp4', 'ours', 'tcp1'),
  },
  {
    title: 'packets of 64 bytes over strongSwan’s',
    least: 5,
    unit: '×',
    value: over('tunnels', 'ours', 'udp64', 'swan'),
  },
  {
    title: 'packets of 64 bytes over wireguard-go’s',
    least: 5,
    unit: '×',
    value: over('tunnels', 'ours', 'udp64', 'wireguard'),
  },
  {
    title: 'ping under load over the same without a cipher',
    most: 2,
    unit: '×',
    value: over('tunnels', 'ours', 'loaded-ping', 'null'),
  },
  {
    title: 'one stream among 1,000 SAs over one alone',
    least: 0.95,
    unit: '×',
    value: over('sas', '1000', 'tcp1', '1'),
  },
  {
    title: 'one stream among 10,000 SAs over one alone',
    least: 0.95,
    unit: '×',
    value: over('sas', '10000', 'tcp1', '1'),
  },
  {
    title: 'AES-128-GCM by VAES over ipsec-mb, 1,408 bytes',
    least: 1.5,
    unit: '×',
    value: over('ciphers', OURS, 'seal1408', MB),
  },
  {
    title: 'AES-128-GCM by AES-NI over ipsec-mb, 1,408 bytes',
    least: 0.95,
    unit: '×',
    value: over('ciphers', AESNI, 'seal1408', MB),
  },
  {
    title: 'AES-128-GCM over OpenSSL’s EVP, 64 bytes',
    least: 4,
    unit: '×',
    value: over('ciphers', OURS, 'seal64', EVP),
  },
  {
    title: 'ChaCha20-Poly1305 over OpenSSL’s EVP, 1,408 bytes',
    least: 1,
    unit: '×',
    value: over('ciphers', CHACHA, 'seal1408', CHACHA_EVP),
  },
  {
    title: 'ChaCha20-Poly1305 over OpenSSL’s EVP, 64 bytes',
    least: 2,
    unit: '×',
    value: over('ciphers', CHACHA, 'seal64', CHACHA_EVP),
  },
  {
    title: 'handshakes a second over charon’s, right after the start',
    least: 1,
    unit: '×',
    value: over('gateway', 'ours', 'rate', 'swan'),
  },
  {
    title: 'handshakes a second over charon’s, later on',
    least: 1,
    unit: '×',
    value: over('gateway', 'ours', 'warm', 'swan'),
  },
  {
    title: 'time of one handshake over charon’s',
    most: 1.2,
    unit: '×',
    value: over('gateway', 'ours', 'latency', 'swan'),
  },
  {
    title: 'time of one handshake with ML-KEM-768 over the same without',
    most: 3,
    unit: '×',
    value: over('post-quantum', 'ours-hybrid', 'latency', 'ours-plain'),
  },
  {
    title: 'processor time of one handshake with ML-KEM-768 over the same without, later on',
    most: 2,
    unit: '×',
    value: over('post-quantum', 'ours-hybrid', 'warm-cpu', 'ours-plain'),
  },
  {
    title: 'handshakes a second with ML-KEM-768 over charon’s, later on',
    least: 0.5,
    unit: '×',
    value: over('post-quantum', 'ours-hybrid', 'warm', 'swan-hybrid'),
  },
  { title: 'listens after', most: 0.5, unit: 's', value: plain('gateway', 'ours', 'start') },
  {
    title: 'memory with 100 tunnels',
    most: 80,
    unit: 'MB',
    value: plain('gateway', 'ours', 'rss'),
  },
  {
    title: 'of a core at rest, with 100 quiet tunnels',
    most: 0.5,
    unit: '%',
    value: plain('gateway', 'ours', 'rest'),
  },
  {
    title: 'memory of a child in C',
    most: 8,
    unit: 'KiB',
    value: plain('weight', 'child', 'kib'),
  },
  {
    title: 'memory of an IKE SA in JavaScript',
    most: 40,
    unit: 'KiB',
    value: plain('weight', 'sa', 'kib'),
  },
  { title: 'the bundle', most: 1024, unit: 'KiB', value: plain('weight', 'bundle', 'kib') },
  {
    title: 'AES-128-GCM on Cortex-A53, inner loop',
    most: 2.2,
    unit: 'cycles/byte',
    value: plain('arm', 'AES-128-GCM', 'cortex-a53-loop'),
  },
  {
    title: 'AES-128-GCM on Cortex-A72, inner loop',
    most: 1.2,
    unit: 'cycles/byte',
    value: plain('arm', 'AES-128-GCM', 'cortex-a72-loop'),
  },
];
