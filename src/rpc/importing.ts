// What the methods may ask about configurations of other programs; the daemon answers, and `ikectl` where none runs.

export interface ImportDesk {
  /** Reads the text of strongSwan's /etc/config/ipsec and writes what it says into our configuration. */
  importStrongswan(request: ImportRequest): Promise<ImportReport>;
}

export interface ImportRequest {
  readonly content: string;
  /** Only says what would be written. */
  readonly isTrial: boolean;
  /** Sections of ours that have the same names are replaced. */
  readonly force: boolean;
}

export interface ImportReport {
  /** `connection 'office'` */
  readonly sections: readonly string[];
  /** As it stands in the configuration, but for secrets. */
  readonly text: string;
  readonly remarks: readonly {
    readonly section: string;
    readonly option: string | undefined;
    readonly why: string;
  }[];
  readonly isWritten: boolean;
}
