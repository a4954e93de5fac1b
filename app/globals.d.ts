/** The build id, put in by the bundler. */
declare const __BUILD__: string;

interface ImportMeta {
  readonly env: { readonly DEV: boolean };
}

interface DataTransferItem {
  /** Chromium only; gives a handle that outlives the page. */
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}

interface FileSystemHandle {
  /** Chromium only. */
  requestPermission?: (what: { mode: 'read' }) => Promise<PermissionState>;
}
