import { LightningElement, api } from 'lwc';
import { NavigationMixin } from 'lightning/navigation';
import results from '@salesforce/apex/PatientTimelineController.results';
import patient from '@salesforce/apex/PatientTimelineController.patient';

export default class PatientTimeline extends NavigationMixin(LightningElement) {
    @api recordId;
    rows = [];
    patientName;

    // Each opening is recorded, so that nothing is answered from a cache.
    async connectedCallback() {
        const patientId = this.recordId;
        const [rows, person] = await Promise.all([results({ patientId }), patient({ patientId })]);
        this.rows = rows;
        this.patientName = person.Name;
    }

    openResult(event) {
        this[NavigationMixin.Navigate]({
            type: 'standard__recordPage',
            attributes: { recordId: event.target.dataset.id, actionName: 'view' }
        });
    }
}
