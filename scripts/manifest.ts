import { directionOf, type Language } from '../shared/language.ts';

/** What is read of a language's texts here. */
export interface ManifestTexts {
  readonly app: { readonly name: string; readonly library: string };
  readonly signIn: { readonly promise: string };
  readonly uploads: { readonly chooseFiles: string; readonly list: string };
}

const icon = { src: '/icons/icon-192.png', sizes: '192x192', type: 'image/png' };

/** Every kind of file is ours to send; a handler has to name them, by type and ending. */
const handled: Readonly<Record<string, readonly string[]>> = {
  'application/gzip': ['.gz', '.tgz'],
  'application/json': ['.json'],
  'application/msword': ['.doc'],
  'application/octet-stream': ['.bin', '.iso', '.dmg'],
  'application/pdf': ['.pdf'],
  'application/rtf': ['.rtf'],
  'application/vnd.ms-excel': ['.xls'],
  'application/vnd.ms-powerpoint': ['.ppt'],
  'application/vnd.oasis.opendocument.presentation': ['.odp'],
  'application/vnd.oasis.opendocument.spreadsheet': ['.ods'],
  'application/vnd.oasis.opendocument.text': ['.odt'],
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': ['.pptx'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['.xlsx'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['.docx'],
  'application/vnd.rar': ['.rar'],
  'application/x-7z-compressed': ['.7z'],
  'application/x-tar': ['.tar'],
  'application/xml': ['.xml'],
  'application/zip': ['.zip'],
  'audio/*': ['.mp3', '.m4a', '.wav', '.flac', '.ogg', '.aac', '.opus'],
  'image/*': [
    ...['.jpg', '.jpeg', '.png', '.heic', '.heif', '.avif', '.webp', '.gif', '.svg'],
    ...['.tif', '.tiff', '.dng', '.psd'],
  ],
  'text/*': ['.txt', '.csv', '.md'],
  'video/*': ['.mp4', '.m4v', '.mov', '.mkv', '.webm', '.avi', '.mxf', '.mts'],
};

/** The web app manifest (https://www.w3.org/TR/appmanifest/) in one language: the same app in all of them, by its `id`. */
export function manifestFor(language: Language, texts: ManifestTexts): object {
  const { app, signIn, uploads } = texts;
  return {
    id: '/',
    name: app.name,
    short_name: app.name,
    description: signIn.promise,
    lang: language,
    dir: directionOf(language),
    start_url: '/app',
    scope: '/',
    display: 'standalone',
    display_override: ['standalone', 'minimal-ui'],
    background_color: '#f4f2ec',
    theme_color: '#0f6b5c',
    categories: ['productivity', 'utilities'],
    icons: [
      { src: '/favicon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
      { ...icon, purpose: 'any' },
      { src: '/icons/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
      { src: '/icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    ],
    screenshots: [
      { ...screenshot('wide', '1280x800'), label: uploads.list },
      { ...screenshot('narrow', '390x844'), label: uploads.list },
    ],
    shortcuts: [
      { name: uploads.chooseFiles, url: '/app', icons: [icon] },
      { name: app.library, url: '/library', icons: [icon] },
    ],
    share_target: {
      action: '/share-target',
      method: 'POST',
      enctype: 'multipart/form-data',
      params: { files: [{ name: 'files', accept: ['*/*'] }] },
    },
    file_handlers: [{ action: '/app', accept: handled }],
    // A window that is there is never led elsewhere: files it alone has would go with its document.
    launch_handler: { client_mode: ['navigate-new', 'auto'] },
  };
}

function screenshot(form_factor: 'wide' | 'narrow', sizes: string): object {
  return { src: `/screenshots/${form_factor}.png`, sizes, type: 'image/png', form_factor };
}
