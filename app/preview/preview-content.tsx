import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { StoredFile } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { MAX_TEXT_PREVIEW_BYTES, type Preview, previewOf } from '../../shared/preview.ts';
import { type Answer, contentUrl, pdfUrl, readText } from '../api.ts';
import { size } from '../format.ts';
import { errorText, t } from '../i18n.ts';
import { Icon } from '../icons.tsx';
import { Thumbnail } from '../library/thumbnail.tsx';

/**
 * What a browser can show of a file without running any of it: the server sends all content in a sandbox, images and
 * films can hold no script that runs, text is shown as text, and a PDF is the browser's own viewer's.
 */
export function PreviewContent({ file }: { file: StoredFile }): JSX.Element {
  const [trouble, setTrouble] = useState<ErrorCode | 'broken' | null>(null);
  const kind = isShown(file) ? previewOf(file) : null;
  if (kind === null) return <Unseen file={file} why={t('preview.none')} />;
  if (trouble !== null) {
    return <Unseen file={file} why={trouble === 'broken' ? t('preview.failed') : errorText(trouble)} />;
  }
  // An element says that it failed, not why: the network is asked before the file is blamed.
  const onError = () =>
    void readText(file.id, 1).then((answer) => setTrouble(answer.ok ? 'broken' : answer.code));
  const common = { src: contentUrl(file.id), onError };
  switch (kind) {
    case 'image':
      return <img {...common} alt={file.name} />;
    case 'video':
      return <video {...common} controls autoplay={false} preload="metadata" playsInline />;
    case 'audio':
      return <audio {...common} controls preload="metadata" />;
    case 'text':
      return <Text file={file} />;
    case 'pdf':
      return <Pdf file={file} />;
  }
}

/** A frame never says that it failed, so the file is asked for first. */
function Pdf({ file }: { file: StoredFile }): JSX.Element {
  const answer = useBeginning(file, 1);
  if (!answer) return <p class="hint">{t('common.loading')}</p>;
  if (!answer.ok) return <Unseen file={file} why={errorText(answer.code)} />;
  return <iframe class="pdf" src={pdfUrl(file.id)} title={file.name} />;
}

/** Not every browser has a viewer for PDF; one without would download it, unasked. */
function isShown(file: StoredFile): boolean {
  const kind: Preview | null = previewOf(file);
  return kind !== 'pdf' || navigator.pdfViewerEnabled;
}

/** The kind, the size and the way to have it: all there is for what can't be shown. */
function Unseen({ file, why }: { file: StoredFile; why: string }): JSX.Element {
  return (
    <div class="unseen">
      <Thumbnail file={file} />
      <p>
        {size(file.size)}
        {file.type !== '' && <bdi> · {file.type}</bdi>}
      </p>
      <p class="hint">{why}</p>
      <a class="button primary" href={contentUrl(file.id)} download={file.name}>
        <Icon name="download" />
        {t('library.download')}
      </a>
    </div>
  );
}

/** The first bytes of a file as text; null until they are there. */
function useBeginning({ id, size }: StoredFile, bytes: number): Answer<string> | null {
  // A range of nothing is no range.
  const [answer, setAnswer] = useState<Answer<string> | null>(size === 0 ? { ok: true, value: '' } : null);
  useEffect(() => {
    if (size === 0) return;
    let isHere = true;
    void readText(id, bytes).then((given) => isHere && setAnswer(given));
    return () => {
      isHere = false;
    };
  }, [id]);
  return answer;
}

/** The beginning of a text, and how much of it that is. */
function Text({ file }: { file: StoredFile }): JSX.Element {
  const answer = useBeginning(file, MAX_TEXT_PREVIEW_BYTES);
  if (!answer) return <p class="hint">{t('common.loading')}</p>;
  if (!answer.ok) return <Unseen file={file} why={errorText(answer.code)} />;
  if (answer.value === '') return <p class="hint">{t('preview.empty')}</p>;
  return (
    <div class="text-preview">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within reach of the keyboard */}
      <pre tabIndex={0} dir="auto">
        {answer.value}
      </pre>
      {file.size > MAX_TEXT_PREVIEW_BYTES && (
        <p class="hint">{t('preview.cut', { size: size(MAX_TEXT_PREVIEW_BYTES), whole: size(file.size) })}</p>
      )}
    </div>
  );
}
