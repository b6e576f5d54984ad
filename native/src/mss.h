/* TCP's maximum segment size (RFC 9293 section 3.7.1), which both ends of a connection say in their
 * SYN: as small as the tunnel wants it, so that no segment has to be cut or refused later. */
#ifndef MSS_H
#define MSS_H

#include "ip.h"

/* Whether it may say how long the segments of its connection are to be: only a SYN does. */
bool mss_is_told(const uint8_t *packet, const struct flow *flow);

/*
 * `packet` is the one that ip_parse() read `flow` from; none of the connection's are to be longer
 * than `most`. True: it was a SYN that promised more, and is changed.
 */
bool mss_clamp(uint8_t *packet, const struct flow *flow, uint32_t most);

#endif
