#include "text.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Segments that nobody may write have no page of their own anywhere but in the file: the loader
 * puts relocated data into writable ones. The kernel's own object is no file.
 */
static int unmap_object(struct dl_phdr_info *object, size_t size, void *vdso)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + segment->p_vaddr;
		uintptr_t from = (start + page - 1) / page * page;
		uintptr_t to = (start + segment->p_memsz) / page * page;

		if (segment->p_type != PT_LOAD || segment->p_flags & PF_W || from >= to)
			continue;
		if ((uintptr_t)vdso >= start && (uintptr_t)vdso < to)
			continue;
		/* Refused: the pages stay, which is no worse than before. */
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void text_unmap(void)
{
	(void)dl_iterate_phdr(unmap_object, (void *)getauxval(AT_SYSINFO_EHDR));
}
