// Units live in the type: a Duration is never added to a number that is not one.

/** Milliseconds on a monotonic clock. Never wall time: certificates are judged outside the core. */
export type Instant = number & { readonly __unit: 'ms-monotonic' };
/** A length of time in milliseconds. */
export type Duration = number & { readonly __unit: 'ms' };

export const milliseconds = (n: number): Duration => n as Duration;
export const seconds = (n: number): Duration => (n * 1000) as Duration;
export const minutes = (n: number): Duration => seconds(60 * n);

export const instant = (ms: number): Instant => ms as Instant;
export const later = (at: Instant, by: Duration): Instant => (at + by) as Instant;
export const since = (from: Instant, to: Instant): Duration => (to - from) as Duration;
