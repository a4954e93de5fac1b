import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ElsewhereView } from '../../shared/protocol.ts';
import { elsewhere } from '../elsewhere.ts';
import { FileName, FileTile } from '../file-name.tsx';
import { number, percentage, size } from '../format.ts';
import { t } from '../i18n.ts';
import { openPicker } from '../intake.ts';
import { percentOf } from './progress.ts';

/** Rows shown before anyone asks for more, and with each asking. */
const STEP = 10;

/** What was begun on another device and can be finished here, with the same file. */
export function ElsewhereList(): JSX.Element {
  const [limit, setLimit] = useState(STEP);
  const uploads = elsewhere.value;
  return (
    <section class="group elsewhere" aria-labelledby="elsewhere-title">
      <div class="group-head">
        <h2 id="elsewhere-title">
          {t('elsewhere.title')} <span class="count">{number(uploads.length)}</span>
        </h2>
      </div>
      <p class="hint">{t('elsewhere.lead')}</p>
      <ul>
        {uploads.slice(0, limit).map((upload) => (
          <ElsewhereRow key={upload.id} upload={upload} />
        ))}
      </ul>
      {uploads.length > limit && (
        <button type="button" class="button small" onClick={() => setLimit(limit + 10 * STEP)}>
          {t('uploads.showMore', { count: uploads.length - limit })}
        </button>
      )}
    </section>
  );
}

function ElsewhereRow({ upload }: { upload: ElsewhereView }): JSX.Element {
  const { id, name, path, device, acknowledgedBytes } = upload;
  const percent = percentOf(acknowledgedBytes, upload.size, false);
  const progress = t('state.percent', { percent: percentage(percent), size: size(upload.size) });
  return (
    <li class="row" data-elsewhere={id} data-acknowledged={acknowledgedBytes}>
      <FileTile name={name} sign={null} />
      <div class="row-main">
        <p class="row-name">
          <FileName name={name} />
          {path !== '' && <bdi class="row-path">{path}</bdi>}
        </p>
        <p class="row-state">
          <span class="row-words">
            {t('elsewhere.from')} <bdi>{device || t('common.unknownDevice')}</bdi>
          </span>
          <span class="row-numbers">{progress}</span>
        </p>
        <progress class="bar" max={100} value={percent} aria-label={name} aria-valuetext={progress} />
      </div>
      <div class="row-actions">
        <button
          type="button"
          class="button small"
          data-do="select"
          aria-label={t('elsewhere.selectOne', { name })}
          onClick={() => openPicker('again')}
        >
          {t('elsewhere.select')}
        </button>
      </div>
    </li>
  );
}
