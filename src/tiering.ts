/**
 * Imported first, for what it does: V8 is to wait three times as long as usual before it optimizes a function. A run takes a
 * second and calls most of its functions some thousand times, so Node 20's optimizing compiler, which works on another core but
 * stops this one to start and to finish, takes more than it gives back: a tenth of the time of a plan of 1,000 roles and 1,000
 * policies, and a quarter of its CPU. Longer runs still get what is called most optimized; a plan of 10,000 and 10,000 takes as
 * long as before. Later versions of V8 have a compiler between the two, other flags, and no need of this.
 */
import { setFlagsFromString } from 'node:v8'

/** V8 reads it anew whenever a function's budget is used up, so that it may be set while running; of V8 11.3, flag-definitions.h. */
if (process.versions.v8.startsWith('11.3.')) setFlagsFromString('--interrupt-budget=200000')
