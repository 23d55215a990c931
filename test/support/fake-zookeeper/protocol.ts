/** Numbers of ZooKeeper's wire protocol that the fake server speaks. */

export const op = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  create2: 15,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  addWatch: 106,
  closeSession: -11,
} as const;

export const errorCode = {
  ok: 0,
  unimplemented: -6,
  badArguments: -8,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  nodeExists: -110,
  notEmpty: -111,
  authFailed: -115,
  saslRequired: -124,
} as const;

/** Of `addWatch`. */
export const watchMode = { persistentRecursive: 1 } as const;

export const eventType = { created: 1, deleted: 2, dataChanged: 3, childrenChanged: 4 } as const;

/** Request ids with a meaning of their own. */
export const xid = { notification: -1, ping: -2, auth: -4, setWatches: -8 } as const;
