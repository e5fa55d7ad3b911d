"""Files of messages: their kinds, their storage, and who downloads them."""

import hashlib
import io
import socket
import struct
import threading
import zipfile
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mailing import accepted_files, virus_scanner
from mailing.models import OutgoingEmail
from solicitations import links, reply_addresses
from solicitations.actions import company_requests, expert_messages
from solicitations.clock import erasure
from solicitations.conversation import attachments, file_store
from solicitations.lifecycle import Voice
from solicitations.models import AttachedFile, Mailbox, Message
from tests.experts.factories import signed_in
from tests.solicitations.factories import mailbox, send
from tests.solicitations.incoming import answer, raw, receive
from tests.solicitations.test_voices import manager  # noqa: F401
from tests.workspace.conftest import answer_path, page_text

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 40


def archive(*names: str, content: bytes = b"<x/>", **parts: bytes) -> bytes:
    """An archive of these parts."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as book:
        for name in names:
            book.writestr(name, parts.get(name, content))
    return written.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
ODT_TYPE = b"application/vnd.oasis.opendocument.text"
ODT = archive("mimetype", "content.xml", content=ODT_TYPE)
ODT_MACROS = archive("mimetype", "Basic/Standard/x.xml", content=ODT_TYPE)


WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"\0" * 60
BOOK = archive("[Content_Types].xml", "xl/workbook.xml")
MANIFEST = "META-INF/manifest.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def photo(brand: bytes) -> bytes:
    """A photo of a phone, of this brand of its format."""
    return b"\x00\x00\x00\x18ftyp" + brand + b"\0\0\0\0mif1heic" + b"\0" * 80


def holding(name: str, content: bytes) -> bytes:
    """A text document that holds one more part."""
    return archive("[Content_Types].xml", "word/document.xml", name, **{name: content})


def linked(kind: str, target: str) -> bytes:
    """A text document with a link of this kind to what stands elsewhere."""
    link = f'<Relationship Type="http://x/{kind}" Target="{target}" TargetMode="External"/>'
    return holding("word/_rels/document.xml.rels", link.encode())


def typed(content: bytes, *others: str, name: str = "[Content_Types].xml") -> bytes:
    """A text document whose list of types, under this name, has this content."""
    return archive(*others, "word/document.xml", name, **{name: content})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.pdf", PDF),
        ("Photo.JPG", JPEG),
        ("logo.png", PNG),
        ("devis.docx", DOCX),
        ("prix.xlsx", archive("[Content_Types].xml", "xl/workbook.xml")),
        ("note.odt", ODT),
        ("IMG_0042.HEIC", photo(b"heic")),
        ("20261130.heic", photo(b"mif1")),
        ("capture.webp", WEBP),
        ("photo.jfif", JPEG),
        ("graphique.docx", holding("word/embeddings/table.xlsx", BOOK)),
        ("site.docx", linked("hyperlink", "https://exemple.fr")),
        ("modele.docx", linked("attachedTemplate", "file:///C:/Modeles/Normal.dotm")),
        ("e\u0301te\u0301 \U0001f469\u200d\U0001f527.pdf", PDF),
        ("Capture d’écran à 08.03\u202f.png", PNG),
        (" plan.pdf ", PDF),
    ],
)
def test_documents_and_images_are_taken(name, content):
    assert accepted_files.check(name, content).name == name.strip()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("vide.pdf", b"", "est vide"),
        ("lourd.pdf", PDF + b"0" * 11_000_000, "trop lourd"),
        ("programme.pdf", b"MZ" + b"\0" * 80, "ne peut pas être joint"),
        ("image.pdf", PNG, "n'est pas ce que dit son nom"),
        ("dessin.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "ne peut pas être joint"),
        ("page.html", b"<!doctype html><script>alert(1)</script>", "ne peut pas être joint"),
        ("page.png", b"<html><script>alert(1)</script></html>", "ne peut pas être joint"),
        ("macros.docx", archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "macros"),
        ("macros.odt", ODT_MACROS, "macros"),
        ("autre-nom.docx", typed(b"application/vnd.ms-office.vbaProject"), "macros"),
        ("capitales.docx", typed(b"macroEnabled", name="[CONTENT_TYPES].XML"), "macros"),
        (
            "deux-listes.docx",
            typed(b"macroEnabled", "[Content_Types].xml", name="[content_types].xml"),
            "macros",
        ),
        (
            "dedans.docx",
            archive("[Content_Types].xml", "word/document.xml", "word/embeddings/a.xlsm"),
            "macros",
        ),
        (
            "sac-dedans.docx",
            archive("[Content_Types].xml", "word/document.xml", "word/embeddings/a.zip"),
            "macros",
        ),
        ("utf-16.docx", typed("macroEnabled".encode("utf-16")), "macros"),
        ("lettres.docx", typed(b"macro&#69;nabled"), "macros"),
        (
            "tableau.docx",
            holding(
                "word/embeddings/a.xlsx",
                archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"),
            ),
            "macros",
        ),
        ("paquet.docx", holding("word/embeddings/oleObject1.bin", OLE), "ne pouvons pas vérifier"),
        ("ancien-dedans.docx", holding("word/embeddings/a.doc", OLE), "ne pouvons pas vérifier"),
        (
            "modele-distant.docx",
            linked("attachedTemplate", "https://exemple.org/a.dotm"),
            "ne pouvons pas vérifier",
        ),
        ("partage.docx", linked("attachedTemplate", "file://192.0.2.7/a.dotm"), "ne pouvons pas vérifier"),
        (
            "objet-distant.docx",
            linked("oleObject", "mhtml:http://exemple.org/a!x"),
            "ne pouvons pas vérifier",
        ),
        (
            "commande.xlsx",
            archive(
                "[Content_Types].xml",
                "xl/workbook.xml",
                "xl/externalLinks/externalLink1.xml",
                content=b"<ddeLink/>",
            ),
            "ne pouvons pas vérifier",
        ),
        (
            "ole.odt",
            archive(
                "mimetype", MANIFEST, content=ODT_TYPE, **{MANIFEST: b"application/vnd.sun.star.oleobject"}
            ),
            "ne pouvons pas vérifier",
        ),
        ("raccourci.docx", holding("word/media/a.lnk", b"L"), "macros"),
        ("objet.odt", archive("mimetype", "Object 1/Basic/x.xml", content=ODT_TYPE), "macros"),
        ("sac.docx", archive("readme.txt"), "ne peut pas être joint"),
        (
            "bombe.docx",
            archive("[Content_Types].xml", "word/document.xml", content=b"0" * 30_000_000),
            "sans risque",
        ),
        ("abime.docx", DOCX[:-30], "abîmé"),
        (
            "liens.docx",
            archive(
                "[Content_Types].xml",
                "word/document.xml",
                *(f"word/_rels/{number}.rels" for number in range(70)),
                content=hashlib.shake_256(b"").digest(10_000) + b"0" * 990_000,
            ),
            "sans risque",
        ),
        ("plan\u202efdp.exe.pdf", PDF, "Renommez"),
        ("../plan.pdf", PDF, "Renommez"),
        ("a" * 200 + ".pdf", PDF, "Renommez"),
        ("\u2066plan\u2069.pdf", PDF, "Renommez"),
        ("plan\u2028.pdf", PDF, "Renommez"),
        ("...", PDF, "n'est pas ce que dit son nom"),
        ("dessin.svgz", b"\x1f\x8b\x08" + b"\0" * 60, "ne peut pas être joint"),
        ("lien.url", b"[InternetShortcut]\r\nURL=http://exemple.org", "ne peut pas être joint"),
        ("film.heic", photo(b"mp42"), "ne peut pas être joint"),
        ("ancien.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 80, "ne peut pas être joint"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_anything_else_is_refused_in_a_sentence(name, content, sentence):
    with pytest.raises(accepted_files.UnacceptedFile, match=sentence):
        accepted_files.check(name, content)


class Clamd(threading.Thread):
    """A server that answers one INSTREAM as ClamAV does."""

    def __init__(self, verdict: bytes) -> None:
        super().__init__(daemon=True)
        self.verdict, self.received = verdict, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        with self.listener:
            connection, _ = self.listener.accept()
        with connection, connection.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            while size := struct.unpack("!I", stream.read(4))[0]:
                self.received += stream.read(size)
            connection.sendall(self.verdict)


@pytest.mark.parametrize(
    ("verdict", "has_virus"),
    [(b"stream: OK\0", False), (b"stream: Eicar FOUND\0", True), (b"INSTREAM size limit exceeded\0", None)],
)
def test_clamav_reads_each_file_when_it_is_configured(settings, verdict, has_virus):
    server = Clamd(verdict)
    settings.CLAMAV_ADDRESS = server.address
    server.start()

    if has_virus is None:
        with pytest.raises(virus_scanner.ScannerDown):
            virus_scanner.finds_virus(PDF * 5000)
    else:
        assert virus_scanner.finds_virus(PDF * 5000) == has_virus
    server.join(5)
    assert server.received == PDF * 5000


def test_file_is_refused_while_clamav_is_away(settings):
    settings.CLAMAV_ADDRESS = "127.0.0.1:1"

    with pytest.raises(accepted_files.UnacceptedFile, match="réessayez plus tard"):
        attachments.check("plan.pdf", PDF)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.PRIVATE_FILES = str(tmp_path / "files")
    return Path(settings.PRIVATE_FILES)


@pytest.fixture
def sent(commit, now):
    return commit(send, now=now)


@pytest.fixture
def author(sent) -> Mailbox:
    return mailbox(sent, "recrutement@france-travail")


@pytest.fixture
def other(sent) -> Mailbox:
    return mailbox(sent, "entreprises@mission-locale")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.demo_directory
@pytest.mark.django_db
class TestFilesOfMessages:
    @pytest.fixture
    def shared(self, commit, sent, author, now) -> None:
        """A file in each voice, of the same author, and one of the company's answer to it."""
        one = [accepted_files.check("plan.pdf", PDF)]
        commit(expert_messages.post_message, author, body="Fil", attached=one, now=now)
        commit(expert_messages.post_internal_message, author, body="Interne", attached=one, now=now)
        asked = commit(expert_messages.ask, author, body="Question", attached=one, now=now)
        commit(company_requests.add_information, sent, body="Oui", question=asked, attached=one, now=now)

    def test_each_file_is_downloaded_by_the_readers_of_its_text_alone(
        self,
        client,
        shared,
        sent,
        author,
        other,
        manager,  # noqa: F811
    ):
        owner, account = links.follow_url(sent).partition("://")[2].partition("/")[2], signed_in(manager.user)
        doors = {
            "author": (client, answer_path(author)),
            "other": (client, answer_path(other)),
            "owner": (client, f"/{owner}"),
            "manager": (account, f"/besoins/{author.pk}/"),
        }

        opened = {
            who: [
                type(file.text).__name__
                for file in AttachedFile.objects.order_by("pk")
                if browser.get(f"{path}fichiers/{file.pk}/").status_code == 200
            ]
            for who, (browser, path) in doors.items()
        }

        assert opened == {
            "author": ["Message", "Question", "Addition"],
            "other": ["Message", "Question"],
            "owner": ["Question", "Addition"],
            "manager": ["InternalMessage", "Question", "Addition"],
        }

    def test_file_is_a_download_that_browsers_do_not_show(self, client, commit, author, now):
        one = [accepted_files.check("plan.pdf", PDF)]
        commit(expert_messages.post_message, author, body="Fil", attached=one, now=now)

        served = client.get(f"{answer_path(author)}fichiers/{AttachedFile.objects.get().pk}/")

        assert served["Content-Disposition"] == 'attachment; filename="plan.pdf"'
        assert served["X-Content-Type-Options"] == "nosniff"
        assert served.content == PDF

    def test_refused_file_keeps_the_typed_words(self, client, author):
        upload = SimpleUploadedFile("plan.pdf", b"MZ" + b"\0" * 80)

        page = client.post(f"{answer_path(author)}message/", {"body": "Voici le plan.", "attached": upload})

        assert "ne peut pas être joint" in page_text(page)
        assert "Voici le plan." in page_text(page)
        assert not Message.objects.exists()

    @pytest.mark.parametrize(
        "name", ["../../plan.pdf", "..\\plan.pdf", "plan\u202efdp.exe.pdf", "\u2066plan.pdf", "n\0.pdf", ".."]
    )
    def test_upload_whose_name_hides_something_is_refused_not_renamed(self, client, author, name):
        body = (
            '--x\r\nContent-Disposition: form-data; name="body"\r\n\r\nVoici le plan.\r\n'
            f'--x\r\nContent-Disposition: form-data; name="attached"; filename="{name}"\r\n\r\n'
        ).encode() + PDF
        page = client.post(
            f"{answer_path(author)}message/",
            body + b"\r\n--x--\r\n",
            content_type="multipart/form-data; boundary=x",
        )

        assert "son nom contient des signes interdits" in page_text(page)
        assert "Voici le plan." in page_text(page)
        assert not Message.objects.exists()

    def test_same_words_with_other_files_are_no_second_click(self, commit, sent, author, now):
        plan, photo = accepted_files.check("plan.pdf", PDF), accepted_files.check("photo.jpg", JPEG)

        for one in (plan, photo, photo):
            commit(expert_messages.post_message, author, body="Suite", attached=[one], now=now)
            commit(expert_messages.post_internal_message, author, body="Suite", attached=[one], now=now)
            commit(expert_messages.ask, author, body="Suite", attached=[one], now=now)
            commit(company_requests.add_information, sent, body="Suite", attached=[one], now=now)

        assert (
            sorted(AttachedFile.objects.values_list("name", flat=True))
            == ["photo.jpg"] * 4 + ["plan.pdf"] * 4
        )

    def test_full_disk_is_reported_and_keeps_the_typed_words(self, client, author, folder):
        folder.write_bytes(b"a file where the folder should be")
        upload = SimpleUploadedFile("plan.pdf", PDF)

        page = client.post(f"{answer_path(author)}message/", {"body": "Voici le plan.", "attached": upload})

        assert "Nous ne pouvons pas ranger de fichier" in page_text(page)
        assert "Voici le plan." in page_text(page)
        assert not Message.objects.exists()

    def test_posted_file_is_stored_shown_and_mailed_by_name(self, client, author, folder):
        upload = SimpleUploadedFile("plan.pdf", PDF)

        page = client.post(
            f"{answer_path(author)}message/", {"body": "Voici.", "attached": upload}, follow=True
        )

        assert "plan.pdf" in page_text(page)
        assert [path.read_bytes() for path in files_in(folder)] == [PDF]

    def test_request_holds_thirty_files(self, client, commit, author, now):
        one = accepted_files.check("plan.pdf", PDF)
        commit(expert_messages.post_message, author, body="Fil", attached=[one] * 30, now=now)

        page = client.post(
            f"{answer_path(author)}message/",
            {"body": "Un de plus.", "attached": SimpleUploadedFile("a.pdf", PDF)},
        )

        assert "a déjà 30 fichiers" in page_text(page)

    def test_attachments_of_a_mail_are_released_and_bad_ones_stay_held(self, author, now):
        answer(author, files=("plan.pdf",), to=reply_addresses.make(author, voice=Voice.INSTITUTION), now=now)
        answer(author, "Deux", files=("vrai.pdf",), message_id="<deux@poste.example.org>", now=now)

        assert not AttachedFile.objects.exists()  # nine letters are no PDF
        assert Message.objects.get().attachments == ["vrai.pdf"]

    def test_document_joined_to_a_reply_is_read_by_the_readers_of_its_voice(self, author, other, now):
        mail = message_from_bytes(
            raw(author, to=reply_addresses.make(author), files=("plan.pdf",)), policy=policy.default
        )
        [part] = mail.iter_attachments()
        part.set_content(PDF, "application", "pdf", disposition="attachment", filename="plan.pdf")

        receive(mail.as_bytes(), now=now)

        message = Message.objects.get()
        assert [(file.name, file.kind) for file in message.files.all()] == [("plan.pdf", "application/pdf")]
        assert message.attachments == []
        assert (
            "1 fichier joint, à lire sur la page : plan"
            in OutgoingEmail.objects.filter(template__endswith="/message").first().rendered().text
        )

    @pytest.mark.parametrize("size", [0, 9_900_000], ids=["small", "nearly 10 MB"])
    def test_file_without_a_word_is_published_whatever_its_size(self, author, size, now):
        mail = message_from_bytes(raw(author, "", files=("plan.pdf",)), policy=policy.default)
        [part] = mail.iter_attachments()
        content = PDF + b"0" * size
        part.set_content(content, "application", "pdf", disposition="attachment", filename="plan.pdf")

        receive(mail.as_bytes(), now=now)

        written = Message.objects.get()
        assert written.body == "(sans texte)"
        assert [file.size for file in written.files.all()] == [len(content)]

    def test_withdrawn_and_erased_texts_leave_no_file(self, commit, sent, author, folder, now):
        one = [accepted_files.check("plan.pdf", PDF)]
        first = commit(expert_messages.post_message, author, body="Un", attached=one, now=now)
        commit(expert_messages.post_message, author, body="Deux", attached=one, now=now)

        commit(expert_messages.withdraw, first, by=author, now=now)
        assert len(files_in(folder)) == AttachedFile.objects.count() == 1
        commit(company_requests.cancel, sent, now=now)
        commit(erasure.anonymise, sent.pk, now=now + timedelta(days=800))

        assert len(files_in(folder)) == AttachedFile.objects.count() == 0

    def test_stray_files_are_swept_after_a_day(self, folder, now):
        key = file_store.write(PDF)

        attachments.delete_strays(until=now - timedelta(days=9999))
        assert file_store.path_of(key).exists()
        assert attachments.delete_strays(until=now + timedelta(days=9999)) == 1
        assert files_in(folder) == []
