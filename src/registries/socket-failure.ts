/** What the errors of a connection to a server mean. */
export interface SocketFailure {
  readonly reason: string;
  /** One side refuses the other: a certificate or the settings have to be changed. */
  readonly refused: boolean;
}

export function connectionFailed({ code, message }: NodeJS.ErrnoException): SocketFailure {
  return { reason: `connection failed: ${code ?? message}`, refused: false };
}
