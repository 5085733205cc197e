import { gunzipSync } from 'node:zlib';
import type { SessionHost } from '@worldswitch/session';

/** Node's clock, timers and gzip for a session. */
export const NODE_HOST: SessionHost = {
  now: () => performance.now(),
  sleep: (milliseconds) => new Promise((resolve) => {
    if (milliseconds === 0) setImmediate(resolve);
    else setTimeout(resolve, milliseconds);
  }),
  gunzip: (bytes, limit) => gunzipSync(bytes, { maxOutputLength: limit }),
};
