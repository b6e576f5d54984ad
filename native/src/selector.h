/* Traffic selectors (RFC 7296 section 3.13.1) in the form that packets are compared with. */
#ifndef SELECTOR_H
#define SELECTOR_H

#include "esp.h"
#include "ip.h"

struct selector {
	struct ip_address start, end;
	uint8_t version;
	uint8_t protocol;
	uint16_t port_start, port_end;
};

/* False: not a selector (another family than 4 and 6, the end before the start). */
bool selector_from(const struct esp_selector *from, struct selector *out);

/* One end of a flow against a list. */
bool selectors_fit(const struct selector *list, uint32_t count, const struct flow *flow,
	struct ip_address address, uint16_t port);

#endif
