/**
 * The creation time of everything Tributary emits, in seconds since 1970: 2100-01-01T00:00:00Z.
 *
 * istiod settles conflicts (two objects with one host, two listeners on one port) in favour of
 * the older object. A constant far in the future lets whatever users created themselves win, and
 * is the same on every replica and after every restart.
 */
export const creationTimeSeconds = 4_102_444_800;
