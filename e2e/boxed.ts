import { test as base } from './journey.ts';
import { Middlebox } from './middlebox.ts';

/** A journey whose requests all pass a box that speaks HTTP. */
export const test = base.extend<{ box: Middlebox }>({
  box: async ({ journey }, use) => {
    const { proxy, server } = journey.stage;
    const box = await Middlebox.start(server.port);
    proxy.targetPort = box.port;
    await use(box);
    box.close();
  },
});
