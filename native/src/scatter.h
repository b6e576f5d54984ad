/*
 * A super-packet read from the TUN device so that each segment's payload lies where it is to be
 * sealed. The kernel says how a packet is to be cut only together with it, so the next one is
 * expected to be like the last; one that is not lies in pieces, and is gathered.
 *
 *   place 0   headers | payload        the headers are the super-packet's
 *   place 1           | payload        with room for headers before it
 *   …
 */
#ifndef SCATTER_H
#define SCATTER_H

#include <sys/types.h>
#include <sys/uio.h>

#include "gso.h"
#include "packet.h"

#define SCATTER_PLACES 64u
/* What has longer headers is not expected, whatever came last. */
#define SCATTER_HEADER 128u

struct scatter {
	/* Of the super-packet that is expected; 0: none is. */
	uint32_t header_bytes, size;
	/* Of the last read: the first place, how far apart they are, and how many. */
	uint8_t *first;
	uint32_t stride, places;
	/* What the device says of the packet; the places; what is left behind them. */
	struct iovec parts[SCATTER_PLACES + 2];
};

/*
 * Reads one packet of up to `most` bytes to `first`, behind which there is half as much room again,
 * and what the device says of it, where that has any bytes. Returns what read() would.
 */
ssize_t scatter_read(struct scatter *scatter, int queue, struct gso_header *header,
	uint32_t header_bytes, uint8_t *first, uint32_t most);

/* Whether it is a super-packet as it was expected: its payloads lie in their places. */
bool scatter_fits(const struct scatter *scatter, const struct gso *gso);

/* Makes one piece of what was read, if it is not one. */
void scatter_gather(struct scatter *scatter, uint32_t bytes);

/* Has the next one be expected to be like this one; NULL: no super-packet. */
void scatter_expect(struct scatter *scatter, const struct gso *gso);

/* Place i of what was read, empty. */
struct packet scatter_place(const struct scatter *scatter, uint32_t i);

#endif
