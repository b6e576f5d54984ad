/* Runs a fuzz target over files, or all files of folders, where there is no libFuzzer. */
#include <dirent.h>

#include "fuzz.h"

static unsigned runs;

static bool run_file(const char *path)
{
	static uint8_t bytes[1u << 20];
	FILE *file = fopen(path, "rb");
	size_t count;
	uint8_t *copy;

	if (!file)
		return false;
	count = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	copy = malloc(count ? count : 1);
	if (!copy)
		return false;
	memcpy(copy, bytes, count);
	LLVMFuzzerTestOneInput(copy, count);
	free(copy);
	runs++;
	return true;
}

static bool run_folder(const char *path, DIR *folder)
{
	bool good = true;

	for (const struct dirent *entry; good && (entry = readdir(folder));) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		good = run_file(name);
	}
	return good;
}

int main(int argc, char **argv)
{
	bool good = argc > 1;

	for (int i = 1; good && i < argc; i++) {
		DIR *folder = opendir(argv[i]);

		good = folder ? run_folder(argv[i], folder) : run_file(argv[i]);
		if (folder)
			closedir(folder);
	}
	printf("%s: %u inputs\n", argv[0], runs);
	return good ? 0 : 1;
}
