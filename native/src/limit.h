/*
 * How much a child may carry in either direction: after so many packets or bytes JavaScript is told
 * that its keys grow old (RFC 4301 section 4.4.2.1), and after so many nothing is sealed or taken
 * any more.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include "engine.h"

/* With its `packets`th packet, after `bytes`, in one direction. False: it is worn out. */
bool limit_allows(struct worker *worker, struct sa *sa, uint64_t packets, uint64_t bytes);

#endif
