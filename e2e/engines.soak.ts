import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import type { Engine, EngineTab } from './engines/engine.ts';
import { Firefox } from './engines/firefox.ts';
import { WebKit } from './engines/webkit.ts';
import { fileChanges } from './file-changes.ts';
import { MIB } from './journey.ts';
import { poll } from './poll.ts';
import { enterCode, signIn } from './sign-in.ts';
import { type Stage, startStage } from './stage.ts';
import { makeFile } from './test-file.ts';
import { inFlightBytes, partPuts, wireOf } from './wire.ts';

/** The main job, and what no browser may get wrong, in the engines that the other tests do not run in. */

const engines: readonly [name: string, launch: () => Promise<Engine>][] = [
  ['Firefox', Firefox.launch],
  ['WebKit', WebKit.launch],
];

for (const [name, launch] of engines) {
  const test = base.extend<{ stage: Stage; engine: Engine; tab: EngineTab; folder: string }>({
    // biome-ignore lint/correctness/noEmptyPattern: the runner reads the names of fixtures from the pattern
    stage: async ({}, use) => {
      const stage = await startStage();
      await use(stage);
      await stage.close();
    },
    // biome-ignore lint/correctness/noEmptyPattern: as above
    engine: async ({}, use) => {
      const engine = await launch();
      await use(engine);
      await engine.close();
    },
    // biome-ignore lint/correctness/noEmptyPattern: as above
    folder: async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'));
      await use(folder);
      await rm(folder, { recursive: true, force: true });
    },
    tab: async ({ stage, engine }, use) => {
      const tab = await engine.open(`${stage.origin}/signin`);
      await signIn(tab, stage);
      await use(tab);
    },
  });

  /** What the server has stored, as it gives it back. */
  const stored = async ({ server, person }: Stage) => {
    const cookie = (await server.signIn(person)).map((one) => `${one.name}=${one.value}`).join('; ');
    const files = await server.files(cookie);
    return Promise.all(files.map(({ id }) => server.storedSha256(id, cookie)));
  };

  test.describe(name, () => {
    test.describe.configure({ timeout: 180_000 });

    test('a file arrives whole, once, over a reload', async ({ stage, tab, folder }) => {
      const { proxy } = stage;
      const file = await makeFile(join(folder, 'film.bin'), 48 * MIB);
      await proxy.set({ bitsPerSecond: 80e6, latencyMs: 10 });
      proxy.forget();
      await tab.pick(file.path);
      await poll('a third of the file', 60_000, () => proxy.counts.fromClients > file.bytes / 3 || undefined);
      await tab.reload();
      await tab.rowIs('stored', 120_000);
      expect(await stored(stage)).toEqual([file.sha256]);
      expect(wireOf(proxy.requests)).toEqual({ sentBytes: file.bytes, resentBytes: 0 });
    });

    test('a file arrives though each connection is cut', async ({ stage, tab, folder }) => {
      const { proxy } = stage;
      const file = await makeFile(join(folder, 'film.bin'), 48 * MIB);
      await proxy.set({ cutAfterBytes: 5 * MIB });
      proxy.forget();
      await tab.pick(file.path);
      await tab.rowIs('stored', 180_000);
      expect(await stored(stage)).toEqual([file.sha256]);
      const times = proxy.counts.fromClients / file.bytes;
      console.log(`${times.toFixed(4)} × on ${proxy.counts.connections} connections`);
      expect(times).toBeLessThanOrEqual(1.1);
    });

    test('a browser that is killed goes on from its own storage', async ({ stage, engine, tab, folder }) => {
      const { proxy } = stage;
      const file = await makeFile(join(folder, 'film.bin'), 48 * MIB);
      await proxy.set({ bitsPerSecond: 24e6, latencyMs: 10 });
      proxy.forget();
      await tab.pick(file.path);
      await tab.until(60_000, () => document.querySelector('[data-upload][data-safe=yes]'));
      const lost = inFlightBytes(proxy.requests);
      await engine.crash();
      await proxy.set({ bitsPerSecond: null, latencyMs: 0 });
      const next = await engine.open(`${stage.origin}/app`);
      await next.until(60_000, () => document.querySelector('[data-sign-in=email], [data-upload]'));
      if (await next.evaluate(() => location.pathname === '/signin')) {
        await enterCode(next, stage);
        await next.waitForPath('/app');
      }
      await next.rowIs('stored', 120_000);
      expect(await stored(stage)).toEqual([file.sha256]);
      expect(wireOf(proxy.requests).resentBytes).toBeLessThanOrEqual(lost);
    });

    test('an expiry is said once in each tab, and the upload goes on after signing in', async ({
      stage,
      engine,
      tab,
      folder,
    }) => {
      const { proxy, server } = stage;
      const file = await makeFile(join(folder, 'film.bin'), 48 * MIB);
      const other = await engine.open(`${stage.origin}/library`);
      await other.waitForWorker();
      await proxy.set({ bitsPerSecond: 60e6 });
      proxy.forget();
      await tab.pick(file.path);
      await poll('a third of the file', 60_000, () => proxy.counts.fromClients > file.bytes / 3 || undefined);
      await server.endSessions();
      for (const one of [tab, other]) {
        await one.until(60_000, () => location.pathname === '/signin');
        expect(
          await one.evaluate(() => document.querySelectorAll('[data-notice=session-expired]').length),
        ).toBe(1);
      }
      await enterCode(tab, stage);
      await tab.rowIs('stored', 120_000);
      await other.waitForPath('/library');
      expect(await stored(stage)).toEqual([file.sha256]);
    });

    for (const [what, change] of fileChanges) {
      test(`a file that is ${what} in mid-upload is named as changed, or stored as one state of it`, async ({
        stage,
        tab,
        folder,
      }) => {
        const { proxy } = stage;
        const file = await makeFile(join(folder, 'film.bin'), 96 * MIB);
        await proxy.set({ bitsPerSecond: 300e6 });
        proxy.forget();
        await tab.pick(file.path);
        await poll('some parts', 60_000, () => proxy.counts.fromClients > 20 * MIB || undefined, 5);
        await change(file.path);
        await tab.until(120_000, () =>
          document.querySelector('[data-upload]:is([data-state=needs-file], [data-state=stored])'),
        );
        const [state, words] = await tab.evaluate(() => {
          const row = document.querySelector<HTMLElement>('[data-upload]');
          return [row?.dataset.state, row?.textContent];
        });
        console.log(`${what}: ${state}`);
        // Without snapshots a browser shows no more than the bytes: those it read before, or those that are there now.
        const whole = [file.sha256, await sha256Of(file.path)];
        if (state === 'stored') {
          const [sha256] = await stored(stage);
          expect(whole).toContain(sha256);
        } else {
          expect(words).toMatch(/changed|not there|moved|deleted|gone/i);
          expect(partPuts(proxy.requests).filter(({ status }) => status === 201)).toEqual([]);
          expect(await stored(stage)).toEqual([]);
        }
      });
    }
  });
}

/** SHA-256, in hex, of what is in a file now; empty when there is none. */
async function sha256Of(path: string): Promise<string> {
  const bytes = await readFile(path).catch(() => null);
  return bytes ? createHash('sha256').update(bytes).digest('hex') : '';
}
