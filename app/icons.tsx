import {
  ArrowDownUp,
  ArrowUp,
  Bell,
  Check,
  ChevronLeft,
  ChevronRight,
  CircleAlert,
  Clock,
  CloudOff,
  Copy,
  Download,
  Eye,
  File,
  FileText,
  Film,
  Folder,
  Hand,
  type IconNode,
  Image,
  KeyRound,
  LayoutGrid,
  Link,
  List,
  Lock,
  LogOut,
  Minus,
  Monitor,
  Music,
  Pause,
  Pencil,
  Play,
  Plus,
  RefreshCw,
  RotateCw,
  Search,
  Share2,
  Trash2,
  Undo2,
  X,
} from 'lucide';
import { h, type JSX } from 'preact';

/** What we call our icons, and which of Lucide's outlines each is; only these get into the build. */
const outlines = {
  pause: Pause,
  resume: Play,
  retry: RotateCw,
  refresh: RefreshCw,
  cancel: X,
  close: X,
  undo: Undo2,
  select: Plus,
  permit: Check,
  remove: Minus,
  file: File,
  folder: Folder,
  download: Download,
  rename: Pencil,
  delete: Trash2,
  check: Check,
  lock: Lock,
  alert: CircleAlert,
  hand: Hand,
  cloudOff: CloudOff,
  clock: Clock,
  up: ArrowUp,
  key: KeyRound,
  door: LogOut,
  device: Monitor,
  bell: Bell,
  search: Search,
  order: ArrowDownUp,
  grid: LayoutGrid,
  list: List,
  share: Share2,
  link: Link,
  copy: Copy,
  look: Eye,
  back: ChevronLeft,
  next: ChevronRight,
  image: Image,
  video: Film,
  audio: Music,
  text: FileText,
} as const satisfies Record<string, IconNode>;
export type IconName = keyof typeof outlines;

/** Those that point along the line: where it runs from right to left, they point the other way. */
const turning: ReadonlySet<IconName> = new Set(['undo', 'door', 'back', 'next']);

/** An icon beside a text or under a label of its own: it never speaks itself. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class={turning.has(name) ? 'icon turning' : 'icon'} viewBox="0 0 24 24" aria-hidden="true">
      {outlines[name].map(([tag, attributes], index) => h(tag, { key: index, ...attributes }))}
    </svg>
  );
}

/** Our mark: an arrow that rises from roots which hold. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 64 64" aria-hidden="true">
      <rect width="64" height="64" rx="15" />
      <path d="M32 52V13M21.5 23.5L32 13l10.5 10.5" />
      <path d="M32 33c0 9-6 9.5-11 12.5-3 2-4 3.5-4 6.5M32 33c0 9 6 9.5 11 12.5 3 2 4 3.5 4 6.5" />
    </svg>
  );
}
