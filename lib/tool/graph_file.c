/* Reading graphs and drawing pictures. The library starts no program; this one runs Graphviz's dot and gnuplot. */
#include "graph_file.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"

extern char **environ;

wg_graph *graph_file_read(const char *command, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!file) {
        (void)misused(command, "expected a graph that can be read, as wg_dump_json writes it, got %s: %s", path, strerror(errno));
        return NULL;
    }
    wg_graph *graph = wg_graph_read_json(file);
    if (file != stdin)
        fclose(file);
    if (!graph)
        (void)misused(command, "expected a graph, as wg_dump_json writes it, in %s: %s", path, wg_error_first()->message);
    return graph;
}

bool is_graph_file(const char *graph, const char *out)
{
    struct stat one, other;
    return strcmp(graph, out) == 0 ||
           (stat(graph, &one) == 0 && stat(out, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

int picture_draw(const char *command, const char *const *words, const char *package, FILE *script, const char *path)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = -1;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return misused(command, "expected memory to start %s", words[0]);
    rewind(script);
    int failure = posix_spawn_file_actions_adddup2(&actions, fileno(script), STDIN_FILENO);
    if (failure == 0)
        failure = posix_spawnp(&child, words[0], &actions, NULL, (char *const *)(uintptr_t)words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0)
        return misused(command, "expected the program %s to draw %s (Debian: apt-get install %s), got: %s; --out NAME%s needs none",
                       words[0], path, package, strerror(failure), strcmp(words[0], "dot") == 0 ? ".dot" : ".gp");
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? TOOL_OK
                                                         : misused(command, "expected %s to draw %s, which failed", words[0], path);
}

bool ends_with(const char *path, const char *end)
{
    const size_t length = strlen(path), n = strlen(end);
    return length > n && strcmp(path + length - n, end) == 0;
}

int picture_write(const char *command, const char *path, wg_status (*write)(FILE *stream, const void *context), const void *context)
{
    const bool svg = path && ends_with(path, ".svg");
    if (path && !svg && !ends_with(path, ".dot"))
        return misused(command, "expected a name that ends with .svg or .dot behind --out, got %s", path);
    FILE *file = !path ? stdout : svg ? tmpfile() : fopen(path, "w");
    if (!file)
        return misused(command, "expected a file that can be written behind --out, got %s: %s", path, strerror(errno));
    int status = write(file, context) == WG_OK ? TOOL_OK : failed();
    if (status == TOOL_OK && svg)
        status = picture_draw(command, (const char *const[]){"dot", "-Tsvg", "-o", path, NULL}, "graphviz", file, path);
    if (file != stdout && fclose(file) != 0 && status == TOOL_OK)
        status = misused(command, "expected to write %s: %s", path, strerror(errno));
    return status;
}

/* Where the page may lie: beside the program in a build, below its prefix where it was installed, and where it was to be installed. */
FILE *viewer_page_open(void)
{
    static const char *const places[] = {"viewer/viewer.html", "../share/wengert/viewer.html"};
    char program[PATH_MAX], path[PATH_MAX + 64];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    FILE *file = NULL;
    if (length > 0) {
        program[length] = 0;
        char *name = strrchr(program, '/');
        *(name ? name + 1 : program) = 0;
        for (size_t i = 0; !file && i < sizeof places / sizeof *places; i++) {
            snprintf(path, sizeof path, "%s%s", program, places[i]);
            file = fopen(path, "r");
        }
    }
    return file ? file : fopen(WENGERT_VIEWER, "r");
}
