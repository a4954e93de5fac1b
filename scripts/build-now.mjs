// The build as a step of its own, for `npm test`.
import { buildIfChanged } from './build.mjs';

buildIfChanged();
