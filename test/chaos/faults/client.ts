/** What clients do wrong, or to us. */
import type { Fault } from '../fault.js';
import { ATTACH_FAULTS } from './client-attach.js';
import { HEAD_FAULTS } from './client-heads.js';
import { HTTP2_FAULTS } from './client-http2.js';
import { REQUEST_FAULTS } from './client-requests.js';
import { SLOW_FAULTS } from './client-slow.js';

export const CLIENT_FAULTS: readonly Fault[] = [
  ...SLOW_FAULTS,
  ...ATTACH_FAULTS,
  ...HEAD_FAULTS,
  ...REQUEST_FAULTS,
  ...HTTP2_FAULTS,
];
