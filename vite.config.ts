import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { budget } from './scripts/budget.ts';
import { type ManifestTexts, manifestFor } from './scripts/manifest.ts';
// @ts-expect-error: plain JavaScript, since it also runs before anything is installed
import { sourceHash } from './scripts/source-hash.mjs';
import { isLanguage, type Language, languages } from './shared/language.ts';

/** The page asks the API on its own origin; in development another process answers. */
const API_PORT = Number(process.env.PORT ?? 8080);

/** `HOLDFAST_BUILD` is for tests that need two releases of the same sources. */
const build: string = process.env.HOLDFAST_BUILD ?? sourceHash(import.meta.dirname);

export default defineConfig({
  root: 'app',
  publicDir: 'public',
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'es2022',
    // The first ones with `light-dark()`, of 2024: it stays as it is written.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    rolldownOptions: {
      input: {
        index: join(import.meta.dirname, 'app', 'index.html'),
        // The page of a shared link, for people without an account.
        shared: join(import.meta.dirname, 'app', 'share.html'),
      },
      // Both entries need it sometime; without a chunk of its own it would come with what both need at once.
      output: { codeSplitting: { groups: [{ name: 'valibot', test: /node_modules\/valibot\// }] } },
    },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  define: {
    __BUILD__: JSON.stringify(build),
    __API_ORIGIN__: JSON.stringify(process.env.API_ORIGIN ?? ''),
  },
  server: { port: 5173, strictPort: true, proxy: { '/api': `http://localhost:${API_PORT}` } },
  plugins: [
    manifests(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: '../sw',
      filename: 'sw.ts',
      injectRegister: false,
      includeManifestIcons: false,
      manifest: false,
      injectManifest: {
        // Every page and every language opens without a network; manifests and screenshots are for the browser alone.
        globPatterns: ['**/*.{js,css,html,svg,json}', 'icons/*.png'],
        globIgnores: ['share.html', 'assets/shared-*'],
        rollupFormat: 'iife',
      },
      devOptions: { enabled: true, type: 'module' },
    }),
    budget(join(import.meta.dirname, 'dist')),
  ],
});

/** One manifest for each language, made from its texts. */
function manifests(): Plugin {
  const pattern = /^\/manifest\.([\w-]+)\.webmanifest$/;
  return {
    name: 'holdfast-manifests',
    generateBundle() {
      for (const language of Object.keys(languages).filter(isLanguage)) {
        this.emitFile({
          type: 'asset',
          fileName: `manifest.${language}.webmanifest`,
          source: manifestText(language),
        });
      }
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const language = request.url?.match(pattern)?.[1] ?? '';
        if (!isLanguage(language)) return next();
        response.setHeader('Content-Type', 'application/manifest+json').end(manifestText(language));
      });
    },
  };
}

function manifestText(language: Language): string {
  const file = join(import.meta.dirname, 'locales', `${language}.json`);
  const texts: ManifestTexts = JSON.parse(readFileSync(file, 'utf8'));
  return JSON.stringify(manifestFor(language, texts));
}
