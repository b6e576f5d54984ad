/* An inner packet on its way out through its child: sealed whole, in pieces, or refused to whoever
 * sent it. */
#ifndef CARRY_H
#define CARRY_H

#include "engine.h"

/* The largest packet of this IP version that leaves in one piece, as far as is known by now. */
uint32_t carry_most(const struct worker *worker, const struct sa *sa, uint8_t version);

/* Takes a packet in the last place of the worker's batch; `flow` is its own. */
void carry(struct worker *worker, struct sa *sa, struct packet *packet, const struct flow *flow);
/* The same for one that is known to fit. */
void carry_fitting(struct worker *worker, struct sa *sa, struct packet *packet);

/* Both ends of a connection are to send segments that fit this child's way; in either direction. */
void carry_clamp(struct worker *worker, struct sa *sa, uint8_t *packet, const struct flow *flow);

#endif
