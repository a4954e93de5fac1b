/** What of a stored file can be shown, by its declared type and its name. What it really is shows when it is opened. */
export type Preview = 'image' | 'video' | 'audio' | 'text' | 'pdf';

/** What is known of a file that may be shown. */
export interface PreviewFacts {
  name: string;
  /** Media type as declared by whoever uploaded it; empty where there was none. */
  type: string;
  /** Bytes. */
  size: number;
}

/** A larger picture gets no thumbnail: to make one, all of it has to be decoded. Bytes. */
export const MAX_THUMBNAIL_SOURCE_BYTES = 64 * 1024 * 1024;
/** Of a longer text only the beginning is shown. Bytes. */
export const MAX_TEXT_PREVIEW_BYTES = 256 * 1024;

/** What the server can make a thumbnail of. */
const pictures = /^image\/(jpeg|png|webp|gif|avif|tiff)$/;
const byExtension: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  avif: 'image/avif',
  svg: 'image/svg+xml',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  ogg: 'audio/ogg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  log: 'text/plain',
  json: 'application/json',
};
const texts = /^(text\/|application\/(json|xml|javascript|x-sh|x-yaml|toml)$)/;

/** How the file can be shown, or null when it can only be downloaded. */
export function previewOf(file: PreviewFacts): Preview | null {
  const type = mediaTypeOf(file);
  if (type.startsWith('image/')) return 'image';
  if (type.startsWith('video/')) return 'video';
  if (type.startsWith('audio/')) return 'audio';
  if (type === 'application/pdf') return 'pdf';
  return texts.test(type) ? 'text' : null;
}

/** Whether `GET …/thumbnail` may have one: 404 is still possible, for what is no picture after all. */
export function hasThumbnail(file: PreviewFacts): boolean {
  return file.size > 0 && file.size <= MAX_THUMBNAIL_SOURCE_BYTES && pictures.test(mediaTypeOf(file));
}

/** The declared type without its parameters; where nothing useful was declared, the one that the name suggests. */
function mediaTypeOf({ name, type }: PreviewFacts): string {
  const declared = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (declared !== '' && declared !== 'application/octet-stream') return declared;
  const extension = /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return byExtension[extension] ?? '';
}
