/* Counts instructions: of this thread by the kernel's counter, or of another run of this program by callgrind. */
#ifndef TEST_INSTRUCTIONS_H
#define TEST_INSTRUCTIONS_H

#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"

/* -1 if the kernel does not permit it. */
static inline int counter_open(void)
{
    struct perf_event_attr attributes = {.type = PERF_TYPE_HARDWARE,
                                         .size = sizeof attributes,
                                         .config = PERF_COUNT_HW_INSTRUCTIONS,
                                         .exclude_kernel = 1,
                                         .exclude_hv = 1};
    return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

/* Instructions since the counter was opened; 0 without a counter. */
static inline int64_t instructions(int counter)
{
    int64_t count = 0;
    if (counter < 0 || read(counter, &count, sizeof count) != sizeof count)
        return 0;
    return count;
}

/* The instructions of this program with these arguments, or, of a section (the name of a function), those between its calls and returns;
   0 without valgrind. Runs one thread, because idle threads spin for an
   indeterminate time, and without the writes to given and freed memory that MALLOC_PERTURB_ asks for: they were a third of the count. */
static inline int64_t instructions_by_callgrind(const char *section, const char *what, int length)
{
    char command[300], line[400];
    snprintf(
        command, sizeof command,
        "OMP_NUM_THREADS=1 MALLOC_PERTURB_=0 valgrind --tool=callgrind --callgrind-out-file=/dev/null %s%s /proc/%d/exe %s %d 2>&1",
        section ? "--toggle-collect=" : "", section ? section : "", (int)getpid(), what, length);
    FILE *output = popen(command, "r");
    int64_t count = 0;
    assert_non_null(output);
    while (fgets(line, sizeof line, output)) {
        const char *collected = strstr(line, "Collected : ");
        if (collected)
            count = strtoll(collected + 12, NULL, 10);
    }
    pclose(output);
    return count;
}

#endif
