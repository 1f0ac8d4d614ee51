/* Runs a number of steps of one workload and prints the costs that can be counted: calls of malloc and peak bytes. Under
   callgrind, the difference between two numbers of steps gives the instructions of a step.
   usage: bench-steps WORKLOAD STEPS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

int main(int argc, char **argv)
{
    const struct workload *const *w = workloads;
    while (argc == 3 && *w && strcmp((*w)->name, argv[1]) != 0)
        w++;
    if (argc != 3 || !*w) {
        fprintf(stderr, "usage: bench-steps WORKLOAD STEPS\n");
        return 2;
    }
    const long steps = strtol(argv[2], NULL, 10);
    struct subject *subject = calloc(1, (*w)->size);
    if (subject)
        subject->captured = (*w)->captures;
    wg_status status = subject ? wg_set_threads(1) : WG_E_MEMORY;
    if (status == WG_OK)
        status = (*w)->make(subject, (*w)->settings);
    wg_memory before = wg_memory_now(), after_first = before;
    for (long i = 0; i < steps && status == WG_OK; i++) {
        status = (*w)->step(subject);
        if (i == 0)
            after_first = wg_memory_now();
    }
    const wg_memory now = wg_memory_now();
    printf("{\"mallocs\":%lld,\"peak\":%lld,\"live_before\":%lld,\"live_after\":%lld}\n",
           (long long)(now.mallocs - after_first.mallocs), (long long)(now.peak - before.live), (long long)before.live,
           (long long)now.live);
    if (subject)
        (*w)->finish(subject);
    free(subject);
    return status == WG_OK ? 0 : wg_error_report(stderr);
}
