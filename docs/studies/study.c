/* Verdicts, tables and pictures of studies. */
#include "study.h"

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

enum { MAX_PATH = 1024 };

/* ---- verdicts ---- */

/* Prints a claim and counts it where it belongs. */
static bool judge(struct study_run *run, bool good, bool weaker, const char *text)
{
    printf("%s %s\n", !good ? "FAIL" : weaker ? "REDUCED" : "PASS", text);
    *(!good ? &run->failed : weaker ? &run->reduced : &run->passed) += 1;
    return good;
}

/* The claim that stands in the last line. A second one is a mistake of the study. */
static bool decide(struct study_run *run, bool good, bool weaker, const char *text)
{
    if (run->decided)
        return judge(run, false, false, "a second claim decides, after the first");
    run->decided = true;
    run->decision = good;
    snprintf(run->deciding, sizeof run->deciding, "%s", text);
    return judge(run, good, weaker, text);
}

#define FORMATTED(text, format)                       \
    char text[STUDY_MAX_TEXT];                        \
    do {                                              \
        va_list values;                               \
        va_start(values, format);                     \
        vsnprintf(text, sizeof text, format, values); \
        va_end(values);                               \
    } while (0)

bool study_claim(struct study_run *run, bool good, const char *format, ...)
{
    FORMATTED(text, format);
    return judge(run, good, false, text);
}

bool study_decide(struct study_run *run, bool good, const char *format, ...)
{
    FORMATTED(text, format);
    return decide(run, good, false, text);
}

bool study_reduced(struct study_run *run, bool good, const char *format, ...)
{
    FORMATTED(text, format);
    return decide(run, good, true, text);
}

#define NEAR "%s: %.6g, expected %.6g within %.2g"

bool study_near(struct study_run *run, const char *what, double got, double want, double tolerance)
{
    return study_claim(run, fabs(got - want) <= tolerance, NEAR, what, got, want, tolerance);
}

bool study_decide_near(struct study_run *run, const char *what, double got, double want, double tolerance)
{
    return study_decide(run, fabs(got - want) <= tolerance, NEAR, what, got, want, tolerance);
}

/* ---- files ---- */

static FILE *open_file(const struct study_run *run, const char *name, const char *ending, char path[MAX_PATH])
{
    const int length = snprintf(path, MAX_PATH, "%s/%s.%s", run->folder, name, ending);
    FILE *file = length < MAX_PATH ? fopen(path, "w") : NULL;
    if (!file)
        fprintf(stderr, "wengert study %s: expected to write %s: %s\n", run->name, path,
                length < MAX_PATH ? strerror(errno) : "the path is too long");
    return file;
}

bool study_row(struct study_run *run, const char *format, ...)
{
    char path[MAX_PATH];
    va_list values;
    if (!run->csv && !(run->csv = open_file(run, run->name, "csv", path)))
        return false;
    va_start(values, format);
    vfprintf(run->csv, format, values);
    va_end(values);
    return fputc('\n', run->csv) != EOF;
}

bool study_table(struct study_run *run, const char *part, const char *header)
{
    char path[MAX_PATH];
    bool written = !run->csv || !ferror(run->csv);
    written = (!run->csv || fclose(run->csv) == 0) && written;
    if (!written)
        fprintf(stderr, "wengert study %s: expected to write the table before %s.csv in %s\n", run->name, part, run->folder);
    run->csv = written ? open_file(run, part, "csv", path) : NULL;
    return run->csv && study_row(run, "%s", header);
}

/* ---- pictures ---- */

/* Paul Tol's bright palette: people who are colour-blind can tell its colours apart. */
static const char preamble[] = "set terminal svg size 900,420 font 'sans-serif,13' background '#ffffff' dashlength 0.6\n"
                               "set datafile separator ','\n"
                               "set linetype 1 lc rgb '#4477aa' lw 2 pt 7 ps 0.45\n"
                               "set linetype 2 lc rgb '#ee6677' lw 2 pt 7 ps 0.45\n"
                               "set linetype 3 lc rgb '#228833' lw 2 pt 7 ps 0.45\n"
                               "set linetype 4 lc rgb '#aa3377' lw 2 pt 7 ps 0.45\n"
                               "set linetype 5 lc rgb '#bb8800' lw 2 pt 7 ps 0.45\n"
                               "set linetype 6 lc rgb '#555555' lw 2 pt 7 ps 0.45\n"
                               "set border 3 lc rgb '#666666'\n"
                               "set tics nomirror textcolor rgb '#444444'\n"
                               "set grid lc rgb '#dddddd' lw 0.7 dt solid\n"
                               "set key textcolor rgb '#222222'\n";

/* Runs gnuplot on a script. 127: it is not installed. */
static int run_gnuplot(const char *script)
{
    char path[MAX_PATH + 2];
    char *arguments[] = {(char[]){"gnuplot"}, path, NULL};
    snprintf(path, sizeof path, "%s%s", script[0] == '/' ? "" : "./", script); /* a name that begins with - would be an option */
    pid_t child;
    int status = 0;
    const int error = posix_spawnp(&child, "gnuplot", NULL, NULL, arguments, environ);
    if (error != 0)
        return error == ENOENT ? 127 : 1;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* The folder as a string of gnuplot: a quote is doubled, and a relative name begins with ./, because gnuplot runs names that begin with < or
   |. */
static void write_folder(const char *folder, FILE *script)
{
    fprintf(script, "folder = '%s", folder[0] == '/' ? "" : "./");
    for (const char *c = folder; *c; c++) {
        fputc(*c, script);
        if (*c == '\'')
            fputc(*c, script);
    }
    fputs("'\n", script);
}

/* True if the picture is whole: gnuplot's status is 0 on a full disk, too. */
static bool picture_is_whole(const struct study_run *run)
{
    char path[MAX_PATH], end[9] = "";
    snprintf(path, MAX_PATH, "%s/%s.svg", run->folder, run->name);
    FILE *file = fopen(path, "r");
    const bool whole = file && fseek(file, -8, SEEK_END) == 0 && fread(end, 1, 8, file) == 8 && strstr(end, "</svg>");
    if (file)
        fclose(file);
    if (!whole)
        fprintf(stderr, "wengert study %s: expected gnuplot to write all of %s\n", run->name, path);
    return whole;
}

bool study_draw(struct study_run *run, const char *commands)
{
    char script[MAX_PATH];
    FILE *file = open_file(run, run->name, "gp", script);
    if (!file)
        return false;
    fputs(preamble, file);
    write_folder(run->folder, file);
    fprintf(file, "csv = folder.'/%s.csv'\nset output folder.'/%s.svg'\n%s", run->name, run->name, commands);
    if (fclose(file) != 0 || (run->csv && fflush(run->csv) != 0)) {
        fprintf(stderr, "wengert study %s: expected to write %s: %s\n", run->name, script, strerror(errno));
        return false;
    }
    const int status = run_gnuplot(script);
    if (status == 127)
        printf("no picture: gnuplot is not installed (apt-get install gnuplot-nox; then gnuplot %s)\n", script);
    else if (status != 0)
        fprintf(stderr, "wengert study %s: expected gnuplot to draw %s, got its exit status %d\n", run->name, script, status);
    return status == 127 || (status == 0 && picture_is_whole(run));
}

/* ---- numbers ---- */

double study_exponent(const double *x, const double *y, int n)
{
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
    for (int i = 0; i < n; i++) {
        mean_x += log(x[i]) / n;
        mean_y += log(y[i]) / n;
    }
    for (int i = 0; i < n; i++) {
        xx += (log(x[i]) - mean_x) * (log(x[i]) - mean_x);
        xy += (log(x[i]) - mean_x) * (log(y[i]) - mean_y);
    }
    return xy / xx;
}

double study_mean(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

double study_deviation(const double *x, int n)
{
    const double mean = study_mean(x, n);
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return n > 1 ? sqrt(sum / (n - 1)) : 0;
}
