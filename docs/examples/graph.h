/* What the examples that write graphs share: a folder with a traced tape in each file, as JSON. */
#ifndef EXAMPLE_GRAPH_H
#define EXAMPLE_GRAPH_H

#include <stdio.h>

#include <wengert.h>

/* Writes the innermost tape to FOLDER/NAME.json. */
static inline wg_status keep(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.json", folder, name);
    FILE *file = fopen(path, "w");
    if (!file)
        return wg_error_set(WG_E_IO, "graphs", "graphs: %s cannot be written", path);
    const wg_status status = wg_dump_json(wg_tape_top(), file);
    return fclose(file) == 0 || status != WG_OK ? status : wg_error_set(WG_E_IO, "graphs", "graphs: %s cannot be written", path);
}

/* A tensor with a name; NULL if either failed. */
static inline wg_tensor *named(wg_tensor *t, const char *name)
{
    return t && wg_set_name(t, name) == WG_OK ? t : NULL;
}

static inline wg_tensor *noise(const char *name, wg_shape shape)
{
    return named(wg_uniform(wg_generator_default(), WG_F32, shape, -1, 1), name);
}

struct graph {
    wg_status (*write)(const char *folder);
    uint64_t stream; /* of random numbers */
};

/* The program graphs FOLDER: writes all graphs of a list, which ends with one without a function. */
static inline int write_graphs(int argc, char **argv, const struct graph *graph)
{
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (; graph->write; graph++)
        if (wg_seed(1, graph->stream) != WG_OK || graph->write(argv[1]) != WG_OK)
            return wg_error_report(stderr);
    return 0;
}

#endif
