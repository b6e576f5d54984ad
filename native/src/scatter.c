#include "scatter.h"

#include <string.h>

/* Before and behind each segment, so that it can be sealed; on a cache line. */
#define AROUND 64u
/* Where there is less in each, the margins would be more than half of it. */
#define LEAST_SIZE 512u
/* And where there is more, the first place would be longer than a read. */
#define MOST_SIZE (UINT16_MAX - SCATTER_HEADER)

_Static_assert(ESP_HEADER_BYTES <= AROUND && ESP_TRAILER_BYTES <= AROUND, "it can be sealed");

static void plan(struct scatter *scatter, uint8_t *first, uint32_t most)
{
	const uint32_t size = scatter->size, headers = scatter->header_bytes;
	const uint32_t whole = size ? headers + size : most;
	uint32_t i = 1, left = most - whole;

	scatter->first = first;
	scatter->stride = (whole + AROUND - 1) / AROUND * AROUND + 2 * AROUND;
	scatter->parts[1] = (struct iovec){first, whole};
	for (; left > 0; i++) {
		const uint32_t bytes = i == SCATTER_PLACES || left < size ? left : size;

		scatter->parts[i + 1] =
			(struct iovec){first + (size_t)i * scatter->stride + headers, bytes};
		left -= bytes;
	}
	scatter->places = i;
}

ssize_t scatter_read(struct scatter *scatter, int queue, struct gso_header *header,
	uint32_t header_bytes, uint8_t *first, uint32_t most)
{
	plan(scatter, first, most);
	scatter->parts[0] = (struct iovec){header, header_bytes};
	return readv(queue, scatter->parts, (int)(1 + scatter->places));
}

void scatter_gather(struct scatter *scatter, uint32_t bytes)
{
	uint32_t done = (uint32_t)scatter->parts[1].iov_len;

	if (done >= bytes)
		return;
	scatter->parts[1].iov_len = bytes;
	for (uint32_t i = 1; done < bytes; i++) {
		const struct iovec *const part = &scatter->parts[i + 1];

		memmove(scatter->first + done, part->iov_base, part->iov_len);
		done += (uint32_t)part->iov_len;
	}
}

bool scatter_fits(const struct scatter *scatter, const struct gso *gso)
{
	return scatter->size > 0 && gso->header_bytes == scatter->header_bytes &&
	       gso->size == scatter->size && gso->count <= scatter->places &&
	       gso->count <= SCATTER_PLACES;
}

void scatter_expect(struct scatter *scatter, const struct gso *gso)
{
	const bool worth_it = gso && gso->size >= LEAST_SIZE && gso->size <= MOST_SIZE &&
			      gso->header_bytes <= SCATTER_HEADER;

	scatter->header_bytes = worth_it ? gso->header_bytes : 0;
	scatter->size = worth_it ? gso->size : 0;
}

struct packet scatter_place(const struct scatter *scatter, uint32_t i)
{
	return (struct packet){
		.data = scatter->first + (size_t)i * scatter->stride,
		.headroom = AROUND,
		.tailroom = scatter->stride - AROUND,
	};
}
