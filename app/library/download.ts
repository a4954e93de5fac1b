import { type FileChoice, MAX_FILES_PER_ARCHIVE } from '../../shared/api.ts';
import { archiveUrl, contentUrl, createArchive } from '../api.ts';
import { number } from '../format.ts';
import { t } from '../i18n.ts';
import { trouble } from '../intake.ts';

/** Why so many files can't be downloaded as one, if they can't. */
export function tooManyToDownload(files: number): string | undefined {
  if (files <= MAX_FILES_PER_ARCHIVE) return undefined;
  return t('library.tooManyToDownload', { most: number(MAX_FILES_PER_ARCHIVE) });
}

/** Saves one file as it is, and more than one, or a folder, as one archive: else a browser asks about each of them. */
export async function download(of: FileChoice): Promise<void> {
  if ('files' in of && of.files.length === 1) return save(contentUrl(of.files[0] ?? ''));
  const made = await createArchive(of);
  trouble.value = made.ok ? null : made.code;
  if (made.ok) save(archiveUrl(made.value.id));
}

/** A link that a browser follows by itself, past the worker once that has looked at it. The answer says its name. */
function save(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  document.body.append(link);
  link.click();
  link.remove();
}
