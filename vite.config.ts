import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
// @ts-expect-error: plain JavaScript, since it also runs before anything is installed
import { sourceHash } from './scripts/source-hash.mjs';

/** JavaScript of the first load, gzipped; the build fails over it. */
const APP_BUDGET_BYTES = 60 * 1024;
/** The page asks the API on its own origin; in development another process answers. */
const API_PORT = Number(process.env.PORT ?? 8080);

/** `HOLDFAST_BUILD` is for tests that need two releases of the same sources. */
const build: string = process.env.HOLDFAST_BUILD ?? sourceHash(import.meta.dirname);

export default defineConfig({
  root: 'app',
  publicDir: 'public',
  build: { outDir: '../dist', emptyOutDir: true, target: 'es2022' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  define: {
    __BUILD__: JSON.stringify(build),
    __API_ORIGIN__: JSON.stringify(process.env.API_ORIGIN ?? ''),
  },
  server: { port: 5173, strictPort: true, proxy: { '/api': `http://localhost:${API_PORT}` } },
  plugins: [
    VitePWA({
      strategies: 'injectManifest',
      srcDir: '../sw',
      filename: 'sw.ts',
      injectRegister: false,
      includeManifestIcons: false,
      manifest: false,
      injectManifest: {
        globPatterns: ['**/*.{js,css,html,svg}', 'icons/*.png', 'manifest.webmanifest'],
        rollupFormat: 'iife',
      },
      devOptions: { enabled: true, type: 'module' },
    }),
    budget(),
  ],
});

/** Fails the build when the first load outgrows its budget, and says by how much. */
function budget(): Plugin {
  return {
    name: 'holdfast-budget',
    apply: 'build',
    generateBundle(_options, bundle) {
      for (const entry of Object.values(bundle)) {
        if (entry.type !== 'chunk' || !entry.isEntry) continue;
        const files = [entry, ...entry.imports.map((name) => bundle[name])];
        const bytes = files.reduce(
          (sum, file) => sum + (file?.type === 'chunk' ? gzipSync(file.code).length : 0),
          0,
        );
        if (bytes > APP_BUDGET_BYTES)
          this.error(`${entry.fileName} is ${bytes} bytes gzipped, over ${APP_BUDGET_BYTES}`);
      }
    },
  };
}
