/*
 * The mailbox: bytes from JavaScript in pieces of any size, beside a reader that has them all at
 * once; and frames to JavaScript whose reader is slow, of which none may come in part.
 *
 *   input   which way | pieces: length | bytes          or      events: kind | length
 */
#include "fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#include "../src/mailbox.h"

/* What was taken, and what should have been, as one row of bytes each. */
struct row {
	uint8_t bytes[1u << 16];
	size_t count;
};

static struct row taken, expected;

static void put(struct row *row, const void *bytes, size_t count)
{
	EXPECT(row->count + count <= sizeof(row->bytes));
	memcpy(row->bytes + row->count, bytes, count);
	row->count += count;
}

static void put_frame(
	struct row *row, const struct esp_path *path, const uint8_t *bytes, size_t count)
{
	const uint32_t head[2] = {path ? 1 : 0, (uint32_t)count};

	put(row, head, sizeof(head));
	if (path)
		put(row, path, sizeof(*path));
	if (bytes)
		put(row, bytes, count);
}

static void take(void *context, const struct esp_path *path, const uint8_t *bytes, size_t count)
{
	EXPECT(context == &taken && (path != NULL) == (bytes != NULL));
	put_frame(&taken, path, bytes, count);
}

static void put_early(struct row *row, unsigned kind, uint32_t spi)
{
	const uint32_t both[2] = {2 + kind, spi};

	put(row, both, sizeof(both));
}

static void put_admit(struct row *row, const uint8_t *ike_spi)
{
	put_frame(row, NULL, ike_spi, 8);
}

static void take_admit(void *context, const uint8_t *ike_spi)
{
	EXPECT(context == &taken);
	put_admit(&taken, ike_spi);
}

static void take_early(void *context, enum esp_frame kind, uint32_t spi)
{
	EXPECT(context == &taken);
	put_early(&taken, kind, spi);
}

/* The address at the beginning; how long it is, 0: there is none. */
static size_t address_at(const uint8_t *p, const uint8_t *end, struct esp_address *address)
{
	const ptrdiff_t bytes = p < end && *p == 4 ? 4 : p < end && *p == 6 ? 16 : -1;

	if (bytes < 0 || end - p < 3 + bytes)
		return 0;
	memset(address, 0, sizeof(*address));
	address->family = p[0];
	address->port = (uint16_t)(p[1] << 8 | p[2]);
	memcpy(address->ip, p + 3, (size_t)bytes);
	return 3 + (size_t)bytes;
}

static void expect_frame(const uint8_t *p, const uint8_t *end)
{
	static const uint8_t keepalive = 0xff;
	const bool is_known = p < end && (*p == ESP_FRAME_DATAGRAM || *p == ESP_FRAME_KEEPALIVE);
	const bool is_early = end - p == 5 && (*p == ESP_FRAME_EXPECT || *p == ESP_FRAME_SETTLE);
	struct esp_path path;

	if (is_early) {
		put_early(&expected, *p,
			(uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4]);
		return;
	}
	if (end - p == 9 && *p == ESP_FRAME_ADMIT) {
		put_admit(&expected, p + 1);
		return;
	}
	const size_t local = is_known ? address_at(p + 1, end, &path.local) : 0;
	const size_t remote = local ? address_at(p + 1 + local, end, &path.remote) : 0;

	if (!remote || path.local.family != path.remote.family)
		put_frame(&expected, NULL, NULL, 0);
	else if (*p == ESP_FRAME_KEEPALIVE)
		put_frame(&expected, &path, &keepalive, 1);
	else
		put_frame(&expected, &path, p + 1 + local + remote,
			(size_t)(end - p) - 1 - local - remote);
}

/* False: a length that cannot be ends the stream. */
static bool expect_frames(const uint8_t *p, const uint8_t *end)
{
	while (end - p >= 4) {
		const size_t bytes =
			(size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];

		if (bytes > ESP_MAX_FRAME)
			return false;
		if ((size_t)(end - p) - 4 < bytes)
			break;
		expect_frame(p + 4, p + 4 + bytes);
		p += 4 + bytes;
	}
	return true;
}

static void from_javascript(struct mailbox *mailbox, int theirs, struct input *in)
{
	static const struct mailbox_orders orders = {take, take_early, take_admit, &taken};
	static struct row stream;
	bool is_good = true;

	stream.count = 0;
	while (in->left > 0 && is_good) {
		size_t count = 1u + take_byte(in);
		uint8_t *const piece = take_copy(in, &count);

		put(&stream, piece, count);
		EXPECT(count == 0 || send(theirs, piece, count, 0) == (ssize_t)count);
		free(piece);
		is_good = mailbox_receive(mailbox, &orders);
		taken.count = is_good ? taken.count : 0;
	}
	EXPECT(expect_frames(stream.bytes, stream.bytes + stream.count) == is_good);
	/* What came before the impossible length may have been taken in an earlier piece. */
	if (is_good)
		EXPECT(taken.count == expected.count &&
			memcmp(taken.bytes, expected.bytes, taken.count) == 0);
}

/* Reads some of what waits; the frames must be whole from the first to the last. */
static size_t read_some(int theirs, uint8_t *out, size_t room)
{
	const ssize_t got = recv(theirs, out, room, MSG_DONTWAIT);

	return got > 0 ? (size_t)got : 0;
}

static bool post(struct mailbox *mailbox, struct input *in, size_t *bytes)
{
	static const uint8_t message[60000];
	const struct esp_path path = {{.family = 4}, {.family = 6}};
	const uint8_t kind = take_byte(in);

	switch (kind % 4) {
	case 0:
		*bytes = 4 + 1 + 7 + 19 + take_number(in, 2) % sizeof(message);
		return mailbox_datagram(mailbox, &path, message, *bytes - 31, DOOR_KNOWN);
	case 1:
		*bytes = 4 + 1 + 4 + 7 + 19;
		return mailbox_moved(mailbox, 7, &path);
	case 2:
		*bytes = 4 + 1 + 4;
		return mailbox_child(mailbox, ESP_FRAME_USED, 7);
	default:
		*bytes = 4 + 1;
		return mailbox_network(mailbox);
	}
}

static void to_javascript(struct mailbox *mailbox, int theirs, struct input *in)
{
	static uint8_t out[1u << 22];
	uint64_t accepted = 0;
	size_t got = 0, more;

	while (in->left > 0 && got < sizeof(out) / 2 && accepted < sizeof(out) / 2) {
		size_t bytes;

		if (take_byte(in) & 1) {
			got += read_some(theirs, out + got, take_number(in, 2));
			mailbox_flush(mailbox);
		} else if (post(mailbox, in, &bytes)) {
			accepted += bytes;
		}
	}
	while ((more = read_some(theirs, out + got, sizeof(out) - got)) > 0) {
		got += more;
		mailbox_flush(mailbox);
	}
	EXPECT(got == accepted && mailbox->out_bytes == 0);
	for (size_t at = 0; at < got;) {
		EXPECT(got - at >= 5 && out[at] == 0 && out[at + 4] >= ESP_FRAME_DATAGRAM);
		at += 4 + ((size_t)out[at + 1] << 16 | (size_t)out[at + 2] << 8 | out[at + 3]);
		EXPECT(at <= got);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = {data, bytes > 4000 ? 4000 : bytes};
	struct mailbox mailbox;
	int theirs;

	taken.count = expected.count = 0;
	EXPECT(mailbox_open(&mailbox, &theirs) == ESP_OK);
	if (take_byte(&in) & 1)
		to_javascript(&mailbox, theirs, &in);
	else
		from_javascript(&mailbox, theirs, &in);
	mailbox_close(&mailbox);
	close(theirs);
	return 0;
}
