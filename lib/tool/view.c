/* wengert view: writes the graph of a file as a page that a browser shows. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "graph_file.h"

extern char **environ;

struct view_options {
    bool open;
};

static const wg_option options[] = {{.name = "open",
                                     .type = WG_OPTION_BOOL,
                                     .offset = offsetof(struct view_options, open),
                                     .range = WG_BETWEEN(0, 1),
                                     .help = "shows the page in the browser too (xdg-open)"}};

static const struct usage usage = {
    .command = "wengert view",
    .summary = "a graph as a page for the browser: sections that open, costs, search",
    .operands = "GRAPH.json",
    .min_operands = 1,
    .max_operands = 1,
    .out = "FILE.html",
    .out_help = "the page (default: GRAPH.html, beside the graph)",
    .table = {options, sizeof options / sizeof *options, sizeof(struct view_options)},
    .details =
        "GRAPH.json is a file of wg_dump_json, - for standard input. The page holds everything that it needs and asks no other computer.",
};

/* ---- the page without a graph ---- */

static char *read_page(void)
{
    FILE *file = viewer_page_open();
    char *page = NULL;
    size_t size = 0;
    const bool read = file && getdelim(&page, &size, 0, file) >= 0 && !ferror(file); /* up to its end: it has no byte 0 */
    if (file)
        fclose(file);
    if (read)
        return page;
    free(page);
    (void)misused(usage.command,
                  "expected the viewer at %s, got no such file: install node-dagre-layout and node-d3, then build again "
                  "with -Dviewer=enabled",
                  WENGERT_VIEWER);
    return NULL;
}

/* ---- the page with its graph ---- */

/* The text as it may stand in an attribute of HTML. */
static void write_attribute(const char *text, FILE *stream)
{
    for (; *text; text++)
        if (strchr("&<>\"'", *text))
            fprintf(stream, "&#%d;", *text);
        else
            fputc(*text, stream);
}

/* Writes the page up to the mark, which it returns behind; NULL if there is no such mark. */
static const char *write_up_to(const char *page, const char *mark, FILE *stream)
{
    const char *at = page ? strstr(page, mark) : NULL;
    if (at)
        fwrite(page, 1, (size_t)(at - page), stream);
    return at ? at + strlen(mark) : NULL;
}

/* The graph's text escapes what has a meaning in HTML (wg_graph_write_json). */
static int write_page(const char *page, const wg_graph *graph, const char *name, FILE *stream)
{
    page = write_up_to(page, "@NAME@", stream);
    write_attribute(name, stream);
    page = write_up_to(page, "@GRAPH@", stream);
    if (!page)
        return misused(usage.command, "expected places for a name and a graph in the viewer's page, %s", WENGERT_VIEWER);
    if (wg_graph_write_json(graph, stream) != WG_OK)
        return failed();
    fputs(page, stream);
    return TOOL_OK;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "runs/gpt.html" for "runs/gpt.json". */
static char *page_path(const char *graph)
{
    const char *dot = strrchr(base_name(graph), '.');
    const int length = dot && dot != base_name(graph) ? (int)(dot - graph) : (int)strlen(graph);
    char *path = NULL;
    return asprintf(&path, "%.*s.html", length, graph) < 0 ? NULL : path;
}

/* Nothing is left at the path if the page could not be written whole. */
static int write_file(const char *page, const wg_graph *graph, const char *name, const char *path)
{
    FILE *file = fopen(path, "w");
    struct stat what;
    if (!file)
        return misused(usage.command, "expected a file that can be written, got %s: %s", path, strerror(errno));
    const bool regular = fstat(fileno(file), &what) == 0 && S_ISREG(what.st_mode);
    int status = write_page(page, graph, name, file);
    const bool incomplete = ferror(file);
    if ((fclose(file) != 0 || incomplete) && status == TOOL_OK)
        status = misused(usage.command, "expected to write all of %s: %s", path, strerror(errno));
    if (status != TOOL_OK && regular)
        unlink(path);
    return status;
}

static int show(const char *path)
{
    char *const words[] = {"xdg-open", (char *)(uintptr_t)path, NULL};
    pid_t child;
    int status = 1;
    if (posix_spawnp(&child, words[0], NULL, NULL, words, environ) == 0 && waitpid(child, &status, 0) == child && status == 0)
        return TOOL_OK;
    return misused(usage.command, "expected xdg-open to show %s (Debian: apt-get install xdg-utils); a browser opens it too", path);
}

static int make_page(const char *graph_path, const char *path, bool open)
{
    if (is_graph_file(graph_path, path))
        return misused(usage.command, "expected another file than the graph behind --out, got %s", path);
    char *page = read_page();
    wg_graph *graph = page ? graph_file_read(usage.command, graph_path) : NULL;
    int status = graph ? write_file(page, graph, base_name(graph_path), path) : TOOL_MISUSED;
    if (status == TOOL_OK) {
        printf("%s\n", path);
        status = open ? show(path) : TOOL_OK;
    }
    wg_graph_destroy(graph);
    free(page);
    return status;
}

int command_view(int argc, char **argv)
{
    struct view_options view = {0};
    struct arguments arguments = {.options = &view};
    int status;
    if (!arguments_read(&usage, argc, argv, &arguments, &status))
        return status;
    if (!arguments.out && strcmp(arguments.operand[0], "-") == 0)
        return misused(usage.command, "expected --out FILE.html for a graph from standard input");
    char *path = arguments.out ? strdup(arguments.out) : page_path(arguments.operand[0]);
    status = path ? make_page(arguments.operand[0], path, view.open) : misused(usage.command, "expected memory for a path");
    free(path);
    return status;
}
