/* Super-packets that are read in pieces: as they were expected, or otherwise, nothing of them is
 * lost. */
#include "check.h"

#include <sys/socket.h>
#include <unistd.h>

#include "../src/scatter.h"

#define MOST 65536u
/* As far as places may reach. */
#define ROOM (MOST + MOST / 2)

static uint8_t sent[MOST], room[ROOM + 64];
static int device[2];

static struct gso cut(uint32_t header_bytes, uint32_t size, uint32_t payload)
{
	return (struct gso){
		.header_bytes = header_bytes,
		.payload_bytes = payload,
		.size = size,
		.count = (payload + size - 1) / size,
	};
}

/* Through the device, with what it says of the packet before it. */
static void pass(struct scatter *scatter, uint32_t bytes)
{
	const struct gso_header before = {.type = GSO_TCP4, .size = 1234};
	struct gso_header header = {.type = GSO_NONE};
	struct iovec parts[2] = {{(void *)(uintptr_t)&before, sizeof(before)}, {sent, bytes}};

	memset(room, 0xaa, sizeof(room));
	CHECK_EQUAL(writev(device[0], parts, 2), sizeof(before) + bytes);
	CHECK_EQUAL(scatter_read(scatter, device[1], &header, sizeof(header), room, MOST),
		sizeof(before) + bytes);
	CHECK_EQUAL(header.size, 1234);
	for (uint32_t i = ROOM; i < sizeof(room); i++)
		CHECK_EQUAL(room[i], 0xaa);
}

static void expect_in_place(const struct scatter *scatter, const struct gso *gso)
{
	const uint32_t headers = gso->header_bytes;

	if (!CHECK(scatter_fits(scatter, gso)))
		return;
	CHECK(memcmp(room, sent, headers) == 0);
	for (uint32_t i = 0; i < gso->count; i++) {
		const struct packet place = scatter_place(scatter, i);
		const uint32_t bytes = gso_segment_bytes(gso, i);

		CHECK(memcmp(place.data + headers, sent + headers + i * gso->size,
			      bytes - headers) == 0);
		/* What sealing writes reaches no other's payload. */
		CHECK(place.headroom >= ESP_HEADER_BYTES);
		CHECK(place.tailroom >= bytes + ESP_TRAILER_BYTES);
		CHECK(place.data + place.tailroom <=
			scatter_place(scatter, i + 1).data + headers - place.headroom);
	}
}

static void expect_gathered(struct scatter *scatter, uint32_t bytes)
{
	scatter_gather(scatter, bytes);
	CHECK(memcmp(room, sent, bytes) == 0);
	/* Once is enough. */
	scatter_gather(scatter, bytes);
	CHECK(memcmp(room, sent, bytes) == 0);
}

static void what_was_expected_lies_in_its_places(void)
{
	static const uint32_t sizes[] = {512, 777, 1348, 1448, 8948, 30000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const uint32_t size = sizes[i];
		const uint32_t most =
			(MOST - 52) / size < SCATTER_PLACES ? MOST - 52 : SCATTER_PLACES * size;
		const uint32_t payloads[] = {1, size, size + 1, 2 * size, most - 1, most};
		struct scatter scatter = {.size = 0};

		for (size_t k = 0; k < sizeof(payloads) / sizeof(payloads[0]); k++) {
			const struct gso gso = cut(52, size, payloads[k]);

			scatter_expect(&scatter, &gso);
			pass(&scatter, 52 + payloads[k]);
			expect_in_place(&scatter, &gso);
		}
	}
}

static void whatever_else_comes_is_gathered(void)
{
	static const uint32_t lengths[] = {1, 52, 1400, 1401, 3000, 50000, MOST - 1, MOST};
	const struct gso expected = cut(52, 1348, 5000), other = cut(52, 1300, 5000),
			 longer = cut(64, 1348, 5000);
	struct scatter scatter = {.size = 0};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		scatter_expect(&scatter, &expected);
		pass(&scatter, lengths[i]);
		CHECK(!scatter_fits(&scatter, &other));
		CHECK(!scatter_fits(&scatter, &longer));
		expect_gathered(&scatter, lengths[i]);
		/* Where nothing is expected all is in one piece. */
		scatter_expect(&scatter, NULL);
		pass(&scatter, lengths[i]);
		CHECK(!scatter_fits(&scatter, &expected));
		expect_gathered(&scatter, lengths[i]);
	}
}

/* More segments than there are places, segments that are not worth one, headers that are too long.
 */
static void what_has_no_places_is_gathered(void)
{
	const struct gso many = cut(52, 600, 600 * (SCATTER_PLACES + 1)),
			 small = cut(52, 100, 5000), headers = cut(SCATTER_HEADER + 4, 1348, 5000);
	struct scatter scatter = {.size = 0};

	scatter_expect(&scatter, &many);
	pass(&scatter, 52 + many.payload_bytes);
	CHECK(!scatter_fits(&scatter, &many));
	expect_gathered(&scatter, 52 + many.payload_bytes);
	scatter_expect(&scatter, &small);
	CHECK_EQUAL(scatter.size, 0);
	scatter_expect(&scatter, &headers);
	CHECK_EQUAL(scatter.size, 0);
}

/*
 * A segment as long as a header can say, with headers before it, is longer than a read may be: what
 * was left for the other places was four thousand million bytes, and each began where memory of
 * others is. No kernel says so; only its word stood before that.
 */
static void no_place_lies_beyond_the_room(void)
{
	const struct gso huge = cut(SCATTER_HEADER, 65535, 50000);
	struct scatter scatter = {.size = 0};
	size_t offered = 0;

	scatter_expect(&scatter, &huge);
	pass(&scatter, SCATTER_HEADER + huge.payload_bytes);
	expect_gathered(&scatter, SCATTER_HEADER + huge.payload_bytes);
	scatter_expect(&scatter, &huge);
	pass(&scatter, 1);
	for (uint32_t i = 1; i <= scatter.places; i++) {
		const struct iovec *part = &scatter.parts[i];

		offered += part->iov_len;
		CHECK((uint8_t *)part->iov_base >= room &&
			(size_t)((uint8_t *)part->iov_base - room) + part->iov_len <= ROOM);
	}
	CHECK_EQUAL(offered, MOST);
}

int main(void)
{
	const int buffer = 1 << 20;
	uint64_t seed = 7;

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, device) == 0);
	CHECK(setsockopt(device[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)) == 0);
	for (uint32_t i = 0; i < MOST; i++)
		sent[i] = (uint8_t)(check_random(&seed) >> 56);
	RUN(what_was_expected_lies_in_its_places);
	RUN(whatever_else_comes_is_gathered);
	RUN(what_has_no_places_is_gathered);
	RUN(no_place_lies_beyond_the_room);
	return check_summary("scatter");
}
