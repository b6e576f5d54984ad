// What the methods may ask about one-time links.

export interface LinkDesk {
  /** Makes the profile of a device and a page in the LAN that gives it away once. */
  create(request: LinkRequest): Promise<CreatedLink>;
  list(): readonly LinkFacts[];
  /** @returns whether there was one */
  remove(id: string): boolean;
}

export interface LinkRequest {
  readonly name: string;
  readonly format: string;
  readonly minutes: number;
  /** See ExportRequest. */
  readonly renew: boolean;
  readonly isUnsigned?: boolean;
  readonly isPostQuantum?: boolean;
}
export interface LinkFacts {
  /** Tells it from others; it opens nothing. */
  readonly id: string;
  readonly device: string;
  readonly format: string;
  /** Seconds since 1970. */
  readonly expires: number;
}
export interface CreatedLink extends LinkFacts {
  /** Whoever has it gets the profile, once. */
  readonly url: string;
  /** By TLS, with the certificate of the router's web server. */
  readonly isSecure: boolean;
}
