// The main entry resolves, and its declarations compile with neither @types/node nor lib.dom.
import * as greenlets from 'greenlets';

export const entry: object = greenlets;
