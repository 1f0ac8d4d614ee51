/* wengert info: what this installation is, which kernels it chose, and what it lacks. */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "graph_file.h"

static const struct usage usage = {
    .command = "wengert info",
    .summary = "this installation: version, processor, kernels, threads, and what is missing",
    .operands = "",
    .details = "Figures under \"missing\" were measured on the machine of docs/performance.md.",
};

__attribute__((format(printf, 2, 3))) static void row(const char *name, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printf("%-16s ", name);
    vprintf(format, values);
    putchar('\n');
    va_end(values);
}

/* The processor's name as the kernel gives it. */
static void processor_name(char *name, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    snprintf(name, size, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (!value || strncmp(line, "model name", 10) != 0)
            continue;
        value[strcspn(value, "\n")] = 0;
        snprintf(name, size, "%s", value + 1 + (value[1] == ' '));
        break;
    }
    if (file)
        fclose(file);
}

/* The processors that this process may run on. */
static int usable_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* The best of the instruction sets that Wengert has kernels for. */
static const char *best_instruction_set(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return "portable";
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl")
               ? "avx512"
               : "avx2";
#else
    return "portable";
#endif
}

static void print_processor(void)
{
    char name[160];
    processor_name(name, sizeof name);
    row("processor", "%s", name);
    row("processors", "%ld, of which %d usable by this process", sysconf(_SC_NPROCESSORS_ONLN), usable_processors());
}

/* Is there such a program? */
static bool is_in_path(const char *program)
{
    char path[1024];
    for (const char *at = getenv("PATH"), *end; at && *at; at = *end ? end + 1 : end) {
        end = at + strcspn(at, ":");
        const int length = snprintf(path, sizeof path, "%.*s/%s", (int)(end - at), at, program);
        if (length < (int)sizeof path && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* Programs that others of this library's parts call, or that read what it writes. */
static const struct program {
    const char *name, *cost;
} programs[] = {
    {"gnuplot", "studies and wengert curves make no pictures; install gnuplot-nox"},
    {"dot", "graphs in DOT are not drawn; install graphviz"},
};
enum { N_PROGRAMS = sizeof programs / sizeof *programs };

static void print_kernels(void)
{
    row("threads", "%d", wg_threads());
    row("kernels of ops", "%s", wg_instruction_set());
    const bool native = strcmp(wg_product_engine(), "native") == 0;
    row("matrix products", "%s", native ? "native (kernels of Wengert)" : "blis (kernels of BLIS)");
    row("BLIS kernels", "%s (%sfor LAPACK if its BLAS is BLIS)", wg_kernel_family(),
        native ? "not for products, unless WENGERT_GEMM=blis; " : "for products; ");
    for (size_t i = 0; wg_feature_at(i); i++)
        row(wg_feature_at(i)->name, "%s (%s)", wg_feature_at(i)->present ? "yes" : "no", wg_feature_at(i)->use);
}

static void print_environment(void)
{
    static const char *const names[] = {"WENGERT_ISA",     "WENGERT_GEMM",   "WENGERT_ON_ERROR", "WENGERT_AUDIT",
                                        "OMP_NUM_THREADS", "BLIS_ARCH_TYPE", "BLIS_NUM_THREADS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            row("environment", "%s=%s", names[i], getenv(names[i]));
}

/* One line for each thing that makes this installation less than it could be; returns how many. */
static int print_missing(void)
{
    const char *best = best_instruction_set(), *chosen = wg_instruction_set();
    int missing = 0;
    for (size_t i = 0; wg_feature_at(i); i++)
        if (!wg_feature_at(i)->present)
            missing++, printf("  %s: %s\n", wg_feature_at(i)->name, wg_feature_at(i)->cost);
    for (int i = 0; i < N_PROGRAMS; i++)
        if (!is_in_path(programs[i].name))
            missing++, printf("  %s: %s\n", programs[i].name, programs[i].cost);
    const char *asked = getenv("WENGERT_ISA");
    if (strcmp(best, chosen) != 0 && asked && strcmp(asked, chosen) == 0)
        missing++, printf("  %s kernels: WENGERT_ISA=%s chose %s\n", best, asked, chosen);
    if (strcmp(best, "portable") == 0)
        missing++, printf("  AVX2: this processor has none, so ops and products run portable kernels\n");
    else if (strcmp(best, "avx2") == 0)
        missing++, printf("  AVX-512: this processor has none; results have the same bits without it\n");
    if (strcmp(wg_product_engine(), "native") != 0 && strcmp(wg_kernel_family(), "generic") == 0)
        missing++, printf("  BLIS kernels for this processor: generic ones take five times as long\n");
    if (wg_threads() < usable_processors())
        missing++, printf("  threads: OMP_NUM_THREADS leaves %d of %d processors unused\n", usable_processors() - wg_threads(),
                          usable_processors());
    FILE *page = viewer_page_open();
    if (page)
        fclose(page);
    else
        missing++,
            printf(
                "  viewer: wengert view makes no pages; install node-dagre-layout and node-d3 and build with -Dviewer=enabled\n");
    if (getenv("WENGERT_AUDIT"))
        missing++, printf("  time: WENGERT_AUDIT checks every tensor after each backward pass; unset it to measure\n");
    return missing;
}

int command_info(int argc, char **argv)
{
    struct arguments arguments = {0};
    int status;
    if (!arguments_read(&usage, argc, argv, &arguments, &status))
        return status;
    row("wengert", "%s", wg_version());
    print_processor();
    print_kernels();
    print_environment();
    printf("missing, and what it costs:\n");
    if (print_missing() == 0)
        printf("  nothing\n");
    return fflush(stdout) == 0 ? TOOL_OK : misused("wengert info", "expected to write to standard output");
}
