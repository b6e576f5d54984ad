/* What is taken out of the page tables comes back by itself, and only as far as it is needed. */
#include "check.h"

#include <fcntl.h>
#include <unistd.h>

#include "../src/text.h"

/* 2 MiB of constants that nothing but this test reads. */
static const unsigned char table[1 << 21] = {[0] = 1, [(1 << 21) - 1] = 2};

/* Pages of files in our page tables, or 0 where /proc does not say. */
static long mapped(void)
{
	char text[128] = {0};
	long size = 0, resident = 0, shared = 0;
	int file = open("/proc/self/statm", O_RDONLY);

	if (file < 0)
		return 0;
	if (read(file, text, sizeof(text) - 1) > 0)
		(void)sscanf(text, "%ld %ld %ld", &size, &resident, &shared);
	close(file);
	return shared;
}

static unsigned touch(void)
{
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof(table); i += 4096)
		sum += ((const volatile unsigned char *)table)[i];
	return sum + ((const volatile unsigned char *)table)[sizeof(table) - 1];
}

static void leaves_what_is_not_needed_to_the_kernel(void)
{
	unsigned before = touch();
	long full = mapped();

	text_unmap();
	if (full > 0)
		CHECK(mapped() <= full - 256);
	CHECK(touch() == before);
}

int main(void)
{
	RUN(leaves_what_is_not_needed_to_the_kernel);
	return check_summary("text");
}
