import { FaultProxy } from './fault-proxy.ts';
import { freePort, TestServer } from './server.ts';

/** A server and the proxy in front of it; the browser knows only the proxy's origin. */
export interface Stage {
  origin: string;
  proxy: FaultProxy;
  server: TestServer;
  /** The address of whoever is at the browser, unless a test says otherwise. */
  person: string;
  /** No faults, nothing and nobody between proxy and server, and nothing counted. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Sets both up. `env` are settings of the server by the names of `server/config.ts`, `seed` is the proxy's. */
export async function startStage(
  options: { env?: Record<string, string>; seed?: number } = {},
): Promise<Stage> {
  const port = await freePort();
  const proxy = await FaultProxy.start({ targetPort: port, seed: options.seed ?? 1 });
  const env = options.env ?? {};
  const server = await TestServer.start({ publicUrl: proxy.origin, port, env }).catch(async (error) => {
    await proxy.close();
    throw error;
  });
  return {
    origin: proxy.origin,
    proxy,
    server,
    person: 'ada@example.org',
    async reset() {
      proxy.targetPort = port;
      await proxy.reset();
    },
    async close() {
      await proxy.close();
      await server.close();
    },
  };
}
