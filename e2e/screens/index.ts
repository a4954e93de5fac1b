import { frameScreens } from './frame.ts';
import { libraryScreens } from './library.ts';
import { settingsScreens } from './settings.ts';
import { sharingScreens } from './sharing.ts';
import { signInScreens } from './sign-in.ts';
import type { Screen } from './steps.ts';
import { uploadScreens } from './uploads.ts';

/** Everything a person can come to see. Each stands for itself: any of them can be shown first, or alone. */
export const screens: readonly Screen[] = [
  ...signInScreens,
  ...uploadScreens,
  ...frameScreens,
  ...libraryScreens,
  ...sharingScreens,
  ...settingsScreens,
];
