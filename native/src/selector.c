#include "selector.h"

bool selector_from(const struct esp_selector *from, struct selector *out)
{
	if (from->family != 4 && from->family != 6)
		return false;
	*out = (struct selector){
		.start = ip_address_from(from->family, from->start),
		.end = ip_address_from(from->family, from->end),
		.version = from->family,
		.protocol = from->protocol,
		.port_start = from->port_start,
		.port_end = from->port_end,
	};
	return ip_not_above(out->start, out->end);
}

/* Fragments behind the first pass only where any port may, or where the selector is OPAQUE. */
static bool port_fits(const struct selector *s, bool has_ports, uint16_t port)
{
	if (s->port_start == 0 && s->port_end == 65535)
		return true;
	if (s->port_start == 65535 && s->port_end == 0)
		return !has_ports;
	return has_ports && s->port_start <= port && port <= s->port_end;
}

bool selectors_fit(const struct selector *list, uint32_t count, const struct flow *flow,
	struct ip_address address, uint16_t port)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct selector *s = &list[i];

		if (s->version == flow->version && ip_not_above(s->start, address) &&
			ip_not_above(address, s->end) &&
			(s->protocol == 0 || s->protocol == flow->protocol) &&
			port_fits(s, flow->has_ports, port))
			return true;
	}
	return false;
}
