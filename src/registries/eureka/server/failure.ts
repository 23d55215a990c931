/** Why a server gave no answer that counts. */
export class ServerFailure extends Error {
  /** Somebody has to change something, here or there: trying again soon would not help. */
  readonly refused: boolean;

  constructor(reason: string, refused: boolean) {
    super(reason);
    this.refused = refused;
  }
}
