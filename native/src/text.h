#ifndef TEXT_H
#define TEXT_H

/*
 * Takes the program's text and constants, and those of its libraries, out of this process's page
 * tables. What is needed comes back from the page cache with the next access; what only the start
 * needed does not, and the kernel is free to drop it.
 */
void text_unmap(void);

#endif
