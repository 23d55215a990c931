/** The times of every kind that reads from API servers; made by `times-schema.ts`. ms */
export interface ClusterTimes {
  /** Between two questions whether the server is there, and most for the answer. */
  readonly heartbeat: number;
  /** Most for one answer, such as a page of a list. */
  readonly request: number;
  /** Length of one watch; then the next one begins at the same version. */
  readonly watch: number;
  /** Everything is read again this often (± 10 %). */
  readonly relist: number;
}
